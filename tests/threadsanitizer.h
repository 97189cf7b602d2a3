/*
 * threadsanitizer.h - for what cannot hold in a build with ThreadSanitizer.
 */
#ifndef TEST_THREADSANITIZER_H
#define TEST_THREADSANITIZER_H

#include <dirql/cmocka.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) && !defined(UNDER_THREAD_SANITIZER)
#define UNDER_THREAD_SANITIZER 1
#endif
#ifndef UNDER_THREAD_SANITIZER
#define UNDER_THREAD_SANITIZER 0
#endif

static inline void skip_under_thread_sanitizer(void)
{
    if (UNDER_THREAD_SANITIZER) {
        skip();
    }
}

#endif
