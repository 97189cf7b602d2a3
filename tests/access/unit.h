/*
 * unit.h - instrumented C++ in two files, which share a class whose functions are inline.
 */
#ifndef UNIT_H
#define UNIT_H

#ifdef __cplusplus
class counting {
public:
    virtual int next()
    {
        return ++count;
    }
    virtual ~counting() = default;

private:
    int count = 0;
};

int count_by(counting *with);

extern "C" {
#endif

/* Each makes one of its own, and returns 1. */
int count_here(void);
int count_there(void);

#ifdef __cplusplus
}
#endif

#endif
