/*
 * heaping.cpp - instrumented code that lives on the host's heap.
 */
#include "heaping.h"

#include <cstdlib>
#include <string>

void heaping_write(LONG *block)
{
    *block = 7;
    __asm__ volatile("" : : "r"(block) : "memory");
}

void heaping_malloc(void)
{
    LONG *block = static_cast<LONG *>(std::malloc(24));

    heaping_write(block);
    std::free(block);
}

/* What it has at first is given back by the call. */
void heaping_realloc(void)
{
    LONG *block = static_cast<LONG *>(std::malloc(24));
    void *beside = std::malloc(24);

    heaping_write(block);
    block = static_cast<LONG *>(std::realloc(block, 4000));
    heaping_write(block + 900);
    std::free(block);
    std::free(beside);
}

void heaping_new(void)
{
    LONG *one = new LONG;
    LONG *many = new LONG[100];

    heaping_write(one);
    heaping_write(many + 50);
    delete one;
    delete[] many;
}

void heaping_string(void)
{
    std::string text("a string that is too long for the object");

    text[3] = 'x';
    __asm__ volatile("" : : "r"(text.c_str()) : "memory");
}

struct trouble {
    LONG code;
};

static void throw_trouble(LONG code)
{
    throw trouble{ code };
}

void heaping_exception(void)
{
    try {
        throw_trouble(3);
    } catch (trouble &caught) {
        heaping_write(&caught.code);
    }
}

void heaping_of_a_library(void)
{
    LONG *block = static_cast<LONG *>(plain_get());

    heaping_write(block);
    plain_give(block);
}

void heaping_count(void)
{
    LONG *block = static_cast<LONG *>(std::malloc(24));

    InterlockedExchange(block, 1);
    InterlockedIncrement(block);
    std::free(block);
}
