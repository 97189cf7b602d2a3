/*
 * operators.cpp - the global operators new and delete, for programs with drivers in them.
 *
 * In a driver, delete gives memory back to the pool, wherever new found it. In a test program,
 * ordinary C++ lives beside it. So delete asks whose memory it is. All of new comes from malloc,
 * and the ordinary part of delete goes to free, so that sanitizers, with operators of their own,
 * do not see a mixture.
 *
 * The archive holds this twice. Here the operators are weak: a driver may bring its own.
 * stdunk.cpp makes them strong, and is linked by whoever uses operator new(POOL_TYPE) of
 * stdunk.h; it comes later in the archive.
 */
#include <wdm.h>

#include <stdlib.h>

#include <new>

#include "verify.h"

#ifdef __GNUC__
#define PC_EXPORTED \
    __attribute__((visibility("default"))) /* libstdc++'s own calls must come here, too. */
#else
#define PC_EXPORTED
#endif
#ifndef PC_OPERATOR
#define PC_OPERATOR __attribute__((weak)) PC_EXPORTED
#endif

namespace {

void *get(size_t bytes)
{
    void *memory;

    while ((memory = malloc(bytes != 0 ? bytes : 1)) == nullptr) {
        const std::new_handler handler = std::get_new_handler();

        if (handler == nullptr) {
            throw std::bad_alloc();
        }
        handler();
    }
    pc_is_no_pool(memory);
    return memory;
}

void *get_or_null(size_t bytes) noexcept
{
    try {
        return get(bytes);
    } catch (...) {
        return nullptr;
    }
}

void give_back(void *memory, const void *place) noexcept
{
    if (memory != nullptr && pc_is_pool(memory)) {
        pc_free_pool(memory, place);
    } else {
        free(memory);
    }
}

/* Memory with a greater alignment than malloc's: what malloc returned stands just below it. */
void *get_aligned(size_t bytes, size_t alignment)
{
    const size_t extra = alignment + sizeof(void *);
    char *raw = static_cast<char *>(get(bytes <= SIZE_MAX - extra ? bytes + extra : SIZE_MAX));
    const ULONG_PTR end = reinterpret_cast<ULONG_PTR>(raw) + extra;
    void **memory = reinterpret_cast<void **>(raw + (extra - end % alignment));

    memory[-1] = raw;
    pc_is_no_pool(memory);
    return memory;
}

void *get_aligned_or_null(size_t bytes, size_t alignment) noexcept
{
    try {
        return get_aligned(bytes, alignment);
    } catch (...) {
        return nullptr;
    }
}

void give_back_aligned(void *memory, const void *place) noexcept
{
    if (memory != nullptr && pc_is_pool(memory)) {
        pc_free_pool(memory, place);
    } else if (memory != nullptr) {
        free(static_cast<void **>(memory)[-1]);
    }
}

} // namespace

/* ---- new ----------------------------------------------------------------------------------- */

PC_OPERATOR void *operator new(size_t bytes)
{
    return get(bytes);
}

PC_OPERATOR void *operator new[](size_t bytes)
{
    return get(bytes);
}

PC_OPERATOR void *operator new(size_t bytes, const std::nothrow_t &) noexcept
{
    return get_or_null(bytes);
}

PC_OPERATOR void *operator new[](size_t bytes, const std::nothrow_t &) noexcept
{
    return get_or_null(bytes);
}

/* ---- delete -------------------------------------------------------------------------------- */

PC_OPERATOR void operator delete(void *memory) noexcept
{
    give_back(memory, PC_RETURN);
}

PC_OPERATOR void operator delete[](void *memory) noexcept
{
    give_back(memory, PC_RETURN);
}

PC_OPERATOR void operator delete(void *memory, size_t) noexcept
{
    give_back(memory, PC_RETURN);
}

PC_OPERATOR void operator delete[](void *memory, size_t) noexcept
{
    give_back(memory, PC_RETURN);
}

PC_OPERATOR void operator delete(void *memory, const std::nothrow_t &) noexcept
{
    give_back(memory, PC_RETURN);
}

PC_OPERATOR void operator delete[](void *memory, const std::nothrow_t &) noexcept
{
    give_back(memory, PC_RETURN);
}

/* ---- With an alignment --------------------------------------------------------------------- */

PC_OPERATOR void *operator new(size_t bytes, std::align_val_t alignment)
{
    return get_aligned(bytes, static_cast<size_t>(alignment));
}

PC_OPERATOR void *operator new[](size_t bytes, std::align_val_t alignment)
{
    return get_aligned(bytes, static_cast<size_t>(alignment));
}

PC_OPERATOR void *operator new(size_t bytes, std::align_val_t alignment,
                               const std::nothrow_t &) noexcept
{
    return get_aligned_or_null(bytes, static_cast<size_t>(alignment));
}

PC_OPERATOR void *operator new[](size_t bytes, std::align_val_t alignment,
                                 const std::nothrow_t &) noexcept
{
    return get_aligned_or_null(bytes, static_cast<size_t>(alignment));
}

PC_OPERATOR void operator delete(void *memory, std::align_val_t) noexcept
{
    give_back_aligned(memory, PC_RETURN);
}

PC_OPERATOR void operator delete[](void *memory, std::align_val_t) noexcept
{
    give_back_aligned(memory, PC_RETURN);
}

PC_OPERATOR void operator delete(void *memory, size_t, std::align_val_t) noexcept
{
    give_back_aligned(memory, PC_RETURN);
}

PC_OPERATOR void operator delete[](void *memory, size_t, std::align_val_t) noexcept
{
    give_back_aligned(memory, PC_RETURN);
}

PC_OPERATOR void operator delete(void *memory, std::align_val_t, const std::nothrow_t &) noexcept
{
    give_back_aligned(memory, PC_RETURN);
}

PC_OPERATOR void operator delete[](void *memory, std::align_val_t, const std::nothrow_t &) noexcept
{
    give_back_aligned(memory, PC_RETURN);
}
