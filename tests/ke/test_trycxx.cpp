/*
 * test_trycxx.cpp - __try in C++, beside the exceptions of the language and the headers of its
 * library.
 */
#include <portcls.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "story.h"

namespace {

class Miniport {
public:
    explicit Miniport(NTSTATUS status) : Status(status) {}

    NTSTATUS Start()
    {
        volatile NTSTATUS result = STATUS_SUCCESS;

        __try {
            __try {
                Raise();
            } __finally {
                tell(AbnormalTermination() ? 'a' : 'n');
            }
        } __except (Filter(GetExceptionCode(), GetExceptionInformation())) {
            result = static_cast<NTSTATUS>(GetExceptionCode());
        }
        return result;
    }

private:
    void Raise()
    {
        if (!NT_SUCCESS(Status)) {
            ExRaiseStatus(Status);
        }
        tell('r');
    }

    LONG Filter(ULONG code, PEXCEPTION_POINTERS pointers) const
    {
        tell('f');
        return code == static_cast<ULONG>(Status) &&
               pointers->ExceptionRecord->ExceptionCode == Status;
    }

    NTSTATUS Status;
};

void a_method_handles_what_it_raises(void **)
{
    Miniport works(STATUS_SUCCESS), fails(STATUS_NO_MEMORY);

    begin_story();
    assert_int_equal(works.Start(), STATUS_SUCCESS);
    assert_int_equal(fails.Start(), STATUS_NO_MEMORY);
    assert_string_equal(story, "rnfa");
}

ULONG *volatile nowhere = reinterpret_cast<ULONG *>(0x10000);

void a_fault_is_handled(void **)
{
    volatile ULONG code = 0;

    __try {
        *const_cast<volatile ULONG *>(nowhere) = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    assert_int_equal(static_cast<NTSTATUS>(code), STATUS_ACCESS_VIOLATION);
}

void leave_destroys_the_objects_of_the_block(void **)
{
    struct Guard {
        ~Guard() { tell('d'); }
    };

    begin_story();
    __try {
        Guard guard;

        for (;;) {
            __leave;
        }
    } __finally {
        tell('f');
    }
    assert_string_equal(story, "df");
}

void break_and_return_mean_what_they_say(void **)
{
    unsigned rounds = 0;

    for (; rounds < 10; rounds++) {
        __try {
            if (rounds == 4) {
                break;
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return;
        }
    }
    assert_int_equal(rounds, 4);
}

/* One does not see the other. */
void an_exception_of_the_language_passes(void **)
{
    std::vector<int> numbers;
    std::map<std::string, int> names;

    begin_story();
    names["driver"] = 1;
    try {
        __try {
            numbers.push_back(names.at("driver"));
            numbers.at(7) = 1;
            tell('!');
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            tell('!');
        }
    } catch (const std::out_of_range &) {
        tell('c');
    }
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "ch");
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_method_handles_what_it_raises),
        dirql_unit_test(a_fault_is_handled),
        dirql_unit_test(leave_destroys_the_objects_of_the_block),
        dirql_unit_test(break_and_return_mean_what_they_say),
        dirql_unit_test(an_exception_of_the_language_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
