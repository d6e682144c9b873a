/*
 * fatal: the end of the process, when something must not fail and does: no memory for what can't
 * be left out, no hash. What is on disk is all that was promised, so nothing is lost by it.
 */
#ifndef HK_BASE_FATAL_H
#define HK_BASE_FATAL_H

/* Say what it was, as "fatal: WHAT" on stderr, and end with status 70 (EX_SOFTWARE). Takes no
 * memory. For our own bugs there is assert(). */
__attribute__((noreturn)) void hk_fatal(const char *what);

#endif
