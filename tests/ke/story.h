/*
 * story.h - what happened, a letter for each step, in order.
 */
#ifndef STORY_H
#define STORY_H

#include <string.h>

static char story[64];

static inline void tell(char step)
{
    const size_t length = strlen(story);

    if (length + 1 < sizeof(story)) {
        story[length] = step;
        story[length + 1] = '\0';
    }
}

/* For filters: tells, and answers. */
static inline int tell_and_say(char step, int answer)
{
    tell(step);
    return answer;
}

static inline void begin_story(void)
{
    story[0] = '\0';
}

#endif
