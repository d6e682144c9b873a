/*
 * form: what browsers post, and what only looks like it.
 */
#include "base/form.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static enum hk_status read_text(const char *text, struct hk_form *ret_form)
{
    struct hk_error error;

    *ret_form = (struct hk_form){.text = NULL};
    return hk_form_read(text, strlen(text), ret_form, &error);
}

static void fields_are_decoded(void)
{
    struct hk_form form;

    CU_ASSERT_EQUAL_FATAL(
        read_text("name=a+b&pass=%25%2b%26%3D%c3%a9&empty=&&reason=one%0D%0Atwo", &form), HK_OK);
    CU_ASSERT_EQUAL(form.count, 4);
    CU_ASSERT_STRING_EQUAL(hk_form_get(&form, "name"), "a b");
    CU_ASSERT_STRING_EQUAL(hk_form_get(&form, "pass"), "%+&=\xc3\xa9");
    CU_ASSERT_STRING_EQUAL(hk_form_get(&form, "empty"), "");
    CU_ASSERT_STRING_EQUAL(hk_form_get(&form, "reason"), "one\r\ntwo");
    CU_ASSERT_PTR_NULL(hk_form_get(&form, "absent"));
    CU_ASSERT_STRING_EQUAL(hk_form_get_or(&form, "absent", "x"), "x");
    hk_form_done(&form);
    CU_ASSERT_EQUAL(form.count, 0);
    CU_ASSERT_PTR_NULL(hk_form_get(&form, "name"));
}

static void a_field_that_is_there_twice_is_not_there(void)
{
    struct hk_form form;

    CU_ASSERT_EQUAL_FATAL(read_text("a=1&b=2&%61=3", &form), HK_OK);
    CU_ASSERT_PTR_NULL(hk_form_get(&form, "a"));
    CU_ASSERT_STRING_EQUAL(hk_form_get(&form, "b"), "2");
    hk_form_done(&form);
}

static void nothing_is_an_empty_form(void)
{
    struct hk_form form;
    struct hk_error error;

    CU_ASSERT_EQUAL_FATAL(hk_form_read(NULL, 0, &form, &error), HK_OK);
    CU_ASSERT_EQUAL(form.count, 0);
    hk_form_done(&form);
}

static void malformed_forms_are_refused(void)
{
    static const char *const bad[] = {"a", "=1", "a=%", "a=%4", "a=%4g", "a=%00", "a=%01", "a=%7f",
        "a=%ff", "%80=1", "a=\x1b", "a=1&b", "a=%e3%81"};
    struct hk_form form;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (read_text(bad[i], &form) == HK_OK) {
            printf("accepted: %s\n", bad[i]);
            CU_FAIL("a malformed form was accepted");
            hk_form_done(&form);
        }
    }
}

static void fields_have_a_limit(void)
{
    char text[4 * (HK_FORM_COUNT_MAX + 1) + 1] = "";
    struct hk_form form;

    for (int i = 0; i < HK_FORM_COUNT_MAX; i++)
        (void)strncat(text, "a=1&", sizeof(text) - strlen(text) - 1);
    CU_ASSERT_EQUAL_FATAL(read_text(text, &form), HK_OK);
    CU_ASSERT_EQUAL(form.count, HK_FORM_COUNT_MAX);
    hk_form_done(&form);
    (void)strncat(text, "b=1", sizeof(text) - strlen(text) - 1);
    CU_ASSERT_EQUAL(read_text(text, &form), HK_LIMIT);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"fields are decoded", fields_are_decoded},
        {"a field that is there twice is not there", a_field_that_is_there_twice_is_not_there},
        {"nothing is an empty form", nothing_is_an_empty_form},
        {"malformed forms are refused", malformed_forms_are_refused},
        {"fields have a limit", fields_have_a_limit},
    };
    return suite_run("form", tests, COUNT_OF(tests));
}
