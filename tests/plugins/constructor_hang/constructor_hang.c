/* constructor_hang: never comes back from being loaded */
#include "constructor.h"

__attribute__((constructor)) static void before_anything(void)
{
    volatile unsigned turns = 0;

    for (first_result = 0;; first_result = 1)
        turns++;
}

CONSTRUCTOR_PLUGIN(constructor_hang);
