/*
 * song.h - the piece that the tests play, and one performance of it, held against what was sent.
 */
#ifndef SONG_H
#define SONG_H

#include "stage.h"

extern smf song;

/* Setup and teardown of a group of CMocka tests. */
int song_load(void **state);
int song_unload(void **state);

/* Performs p->song in one run. Fails the test unless every byte was read. */
void song_perform(performance *p, const dirql_options *options);

#endif
