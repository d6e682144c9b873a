/*
 * fatal: it says what it was, and its status says that it failed.
 */
#include "base/fatal.h"

#include "support/suite.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void it_says_what_and_ends(void)
{
    static const char wanted[] = "fatal: no memory for a test\n";
    char said[100];
    ssize_t size;
    int status = 0;
    int ends[2];
    pid_t child;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        hk_fatal("no memory for a test");
    }
    (void)close(ends[1]);
    size = read(ends[0], said, sizeof(said));
    (void)close(ends[0]);
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 70);
    CU_ASSERT_EQUAL_FATAL(size, (ssize_t)strlen(wanted));
    CU_ASSERT_NSTRING_EQUAL(said, wanted, strlen(wanted));
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"it says what and ends", it_says_what_and_ends},
    };

    return suite_run("fatal", tests, COUNT_OF(tests));
}
