/*
 * login: see login.h.
 */
#include "console/login.h"

#include <stdio.h>
#include <string.h>

/* The bounds of what is typed: those of names, of login/password.h and of codes. */
enum { NAME_MAX_CHARACTERS = 63, PASSWORD_MAX_CHARACTERS = 256, CODE_MAX_CHARACTERS = 32 };
enum { QUIET_MODULES = 4, SCALE = 5 }; /* ISO/IEC 18004: four modules of nothing around it */

/* The frame with a title of the catalogue. */
static struct hk_page begin(struct hk_html *html, struct hk_buf *out, const struct hk_page *base,
    enum hk_word title, enum hk_page_place place)
{
    struct hk_page page = *base;

    page.title = hk_word(base->language, title);
    page.place = place;
    hk_page_begin(html, out, &page);
    return page;
}

static void put_password(
    struct hk_html *html, const char *name, enum hk_word label, enum hk_word hint, bool is_new)
{
    hk_page_field(html, &(struct hk_field){.id = name,
                            .name = name,
                            .type = "password",
                            .label = label,
                            .hint = hint,
                            .complete = is_new ? "new-password" : "current-password",
                            .is_required = true,
                            .size_max = PASSWORD_MAX_CHARACTERS});
}

/* May be a code on paper too, which has letters. */
static void put_code(
    struct hk_html *html, enum hk_word label, enum hk_word hint, bool is_required, bool is_digits)
{
    hk_page_field(html, &(struct hk_field){.id = "code",
                            .name = "code",
                            .label = label,
                            .hint = hint,
                            .complete = "one-time-code",
                            .is_required = is_required,
                            .is_numeric = is_digits,
                            .size_max = CODE_MAX_CHARACTERS});
}

/* --- logging in --- */

static void put_go_on(struct hk_html *html, const char *then)
{
    hk_html_open_class(html, "p", "hint");
    hk_html_word(html, HK_WORD_LOGIN_AGAIN);
    hk_html_text(html, " ");
    hk_html_open(html, "a");
    hk_html_url(html, "href", then);
    hk_html_word(html, HK_WORD_LOGIN_GO_ON);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_login(struct hk_buf *out, const struct hk_page *base, const struct hk_page_login *what)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_LOGIN_TITLE, HK_PLACE_NONE);

    if (what->may_be_in && what->then != NULL)
        put_go_on(&html, what->then);
    hk_page_form(&html, &page, "/login");
    if (what->then != NULL)
        hk_page_hidden(&html, "then", what->then);
    if (what->asks_tenant)
        hk_page_field(&html, &(struct hk_field){.id = "tenant",
                                 .name = "tenant",
                                 .label = HK_WORD_LOGIN_TENANT,
                                 .hint = HK_WORD_NO_TEXT,
                                 .value = what->tenant,
                                 .complete = "organization",
                                 .is_required = true,
                                 .size_max = NAME_MAX_CHARACTERS});
    hk_page_field(&html, &(struct hk_field){.id = "name",
                             .name = "name",
                             .label = HK_WORD_LOGIN_NAME,
                             .hint = HK_WORD_NO_TEXT,
                             .value = what->name,
                             .complete = "username",
                             .is_required = true,
                             .size_max = NAME_MAX_CHARACTERS});
    put_password(&html, "password", HK_WORD_LOGIN_PASSWORD, HK_WORD_NO_TEXT, false);
    put_code(&html, HK_WORD_LOGIN_CODE, HK_WORD_LOGIN_CODE_HINT, false, false);
    hk_page_button(&html, HK_WORD_LOGIN_BUTTON, "main", NULL, NULL);
    hk_html_end(&html);
    hk_html_line(&html, "p", "hint", HK_WORD_LOGIN_NEEDED);
    hk_page_end(&html, &page);
}

void hk_page_link(
    struct hk_buf *out, const struct hk_page *base, const char *link, const char *name)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_LINK_TITLE, HK_PLACE_NONE);

    hk_html_open(&html, "p");
    hk_html_say(&html, HK_WORD_LINK_FOR, name);
    hk_html_end(&html);
    hk_page_form(&html, &page, "/link/{}", link);
    put_password(&html, "password", HK_WORD_LOGIN_PASSWORD, HK_WORD_LINK_HINT, true);
    put_password(&html, "again", HK_WORD_LINK_AGAIN, HK_WORD_NO_TEXT, true);
    hk_page_button(&html, HK_WORD_LINK_BUTTON, "main", NULL, NULL);
    hk_html_end(&html);
    hk_page_end(&html, &page);
}

void hk_page_link_bad(struct hk_buf *out, const struct hk_page *base)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_LINK_BAD_TITLE, HK_PLACE_NONE);

    hk_html_line(&html, "p", NULL, HK_WORD_LINK_BAD);
    hk_page_end(&html, &page);
}

/* --- the account --- */

static void put_fact(struct hk_html *html, enum hk_word label, const char *text)
{
    if (text == NULL)
        return;
    hk_page_fact(html, label);
    hk_html_foreign(html, text, HK_HTML_SHORT);
    hk_page_fact_end(html);
}

static void put_who(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_account *what)
{
    hk_page_section(html, "who", HK_WORD_ACCOUNT_WHO);
    hk_html_open_class(html, "dl", "facts");
    put_fact(html, HK_WORD_ACCOUNT_NAME, page->person);
    put_fact(html, HK_WORD_ACCOUNT_ROLE, hk_name(html->language, HK_NAME_ROLE, page->role));
    put_fact(html, HK_WORD_ACCOUNT_TENANT, page->tenant);
    hk_html_end(html);
    hk_html_line(html, "p", NULL, what->has_totp ? HK_WORD_TOTP_IS_SET : HK_WORD_STEP_UP_NONE);
    hk_html_open(html, "p");
    hk_html_open(html, "a");
    hk_html_url(html, "href", "/account/totp");
    hk_html_word(html, HK_WORD_TOTP_TITLE);
    hk_html_end(html);
    hk_html_end(html);
    hk_html_end(html);
}

static void put_session(
    struct hk_html *html, const struct hk_page *page, const struct hk_account_session *session)
{
    hk_html_open(html, "li");
    hk_html_open_class(html, "dl", "facts");
    hk_page_fact(html, HK_WORD_ACCOUNT_OPENED);
    hk_html_time(html, HK_TIME_MINUTES, session->opened_us);
    if (session->is_this) {
        hk_html_text(html, " ");
        hk_page_badge(html, "active", hk_word(html->language, HK_WORD_ACCOUNT_THIS));
    }
    hk_page_fact_end(html);
    hk_page_fact(html, HK_WORD_ACCOUNT_SEEN);
    hk_html_ago(html, session->seen_us);
    hk_page_fact_end(html);
    put_fact(html, HK_WORD_ACCOUNT_FROM, session->from);
    put_fact(html, HK_WORD_ACCOUNT_AGENT, session->agent);
    hk_html_end(html);
    if (!session->is_this) {
        hk_page_form(html, page, "/account/sessions");
        hk_page_button(html, HK_WORD_ACCOUNT_END, NULL, "session", session->id);
        hk_html_end(html);
    }
    hk_html_end(html);
}

static void put_sessions(
    struct hk_html *html, const struct hk_page *page, const struct hk_page_account *what)
{
    hk_page_section(html, "sessions", HK_WORD_ACCOUNT_SESSIONS);
    hk_html_open_class(html, "ul", "items");
    for (size_t i = 0; i < what->session_count; i++)
        put_session(html, page, &what->sessions[i]);
    hk_html_end(html);
    if (what->session_count > 1) {
        hk_page_form(html, page, "/account/sessions");
        hk_page_button(html, HK_WORD_ACCOUNT_END_OTHERS, NULL, "session", "others");
        hk_html_end(html);
    }
    hk_html_end(html);
}

void hk_page_account(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_account *what)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_ACCOUNT_TITLE, HK_PLACE_ACCOUNT);

    put_who(&html, &page, what);
    put_sessions(&html, &page, what);
    hk_page_section(&html, "password-heading", HK_WORD_ACCOUNT_PASSWORD);
    hk_page_form(&html, &page, "/account/password");
    put_password(&html, "now", HK_WORD_ACCOUNT_PASSWORD_NOW, HK_WORD_NO_TEXT, false);
    put_password(&html, "password", HK_WORD_ACCOUNT_PASSWORD_NEW, HK_WORD_LINK_HINT, true);
    put_password(&html, "again", HK_WORD_LINK_AGAIN, HK_WORD_NO_TEXT, true);
    hk_page_button(&html, HK_WORD_ACCOUNT_PASSWORD_BUTTON, "main", NULL, NULL);
    hk_html_end(&html);
    hk_html_end(&html);
    hk_page_end(&html, &page);
}

/* --- a device --- */

static void put_remove(struct hk_html *html, const struct hk_page *page, unsigned paper_count)
{
    hk_html_line(html, "p", NULL, HK_WORD_TOTP_IS_SET);
    hk_html_open(html, "p");
    hk_html_count(html, HK_WORD_TOTP_PAPER_LEFT, paper_count);
    hk_html_end(html);
    hk_page_section(html, "remove", HK_WORD_TOTP_REMOVE);
    hk_page_form(html, page, "/account/totp/remove");
    put_code(html, HK_WORD_LOGIN_CODE, HK_WORD_TOTP_REMOVE_HINT, true, false);
    hk_page_button(html, HK_WORD_TOTP_REMOVE, "danger", NULL, NULL);
    hk_html_end(html);
    hk_html_end(html);
}

void hk_page_totp(struct hk_buf *out, const struct hk_page *base, bool is_set, bool is_required,
    unsigned paper_count)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_TOTP_TITLE, HK_PLACE_ACCOUNT);

    hk_html_line(&html, "p", NULL, HK_WORD_TOTP_WHAT);
    if (is_set) {
        put_remove(&html, &page, paper_count);
    } else {
        if (is_required)
            hk_html_line(&html, "p", NULL, HK_WORD_TOTP_MUST);
        hk_page_form(&html, &page, "/account/totp");
        put_password(&html, "password", HK_WORD_ACCOUNT_PASSWORD_NOW, HK_WORD_NO_TEXT, false);
        hk_page_button(&html, HK_WORD_TOTP_BEGIN, "main", NULL, NULL);
        hk_html_end(&html);
    }
    hk_page_end(&html, &page);
}

void hk_page_totp_scan(struct hk_buf *out, const struct hk_page *base, const char *secret)
{
    char grouped[64] = "";
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_TOTP_TITLE, HK_PLACE_ACCOUNT);

    /* In groups of four, as people read and type. */
    for (size_t i = 0, to = 0; secret[i] != '\0' && to + 2 < sizeof(grouped); i++) {
        if (i > 0 && i % 4 == 0)
            grouped[to++] = ' ';
        grouped[to++] = secret[i];
        grouped[to] = '\0';
    }
    hk_html_line(&html, "p", NULL, HK_WORD_TOTP_SCAN);
    hk_html_open(&html, "p");
    hk_html_open_class(&html, "img", "qr");
    hk_html_url(&html, "src", "/account/totp/qr");
    hk_html_attr(&html, "alt", hk_word(html.language, HK_WORD_TOTP_QR));
    hk_html_end(&html);
    hk_html_open_class(&html, "dl", "facts");
    hk_page_fact(&html, HK_WORD_TOTP_SECRET);
    hk_html_code(&html, grouped, sizeof(grouped));
    hk_page_fact_end(&html);
    hk_html_end(&html);
    hk_page_form(&html, &page, "/account/totp/confirm");
    put_code(&html, HK_WORD_TOTP_FIRST_CODE, HK_WORD_NO_TEXT, true, true);
    hk_page_button(&html, HK_WORD_TOTP_CONFIRM, "main", NULL, NULL);
    hk_html_end(&html);
    hk_page_end(&html, &page);
    explicit_bzero(grouped, sizeof(grouped));
}

void hk_page_totp_done(
    struct hk_buf *out, const struct hk_page *base, const char *const *codes, size_t count)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_TOTP_PAPER_TITLE, HK_PLACE_ACCOUNT);

    hk_html_line(&html, "p", NULL, HK_WORD_TOTP_PAPER);
    hk_html_open_class(&html, "ol", "codes");
    for (size_t i = 0; i < count; i++) {
        hk_html_open(&html, "li");
        hk_html_code(&html, codes[i], HK_HTML_SHORT);
        hk_html_end(&html);
    }
    hk_html_end(&html);
    hk_html_open(&html, "p");
    hk_html_open(&html, "a");
    hk_html_url(&html, "href", "/account");
    hk_html_word(&html, HK_WORD_TOTP_DONE);
    hk_html_end(&html);
    hk_html_end(&html);
    hk_page_end(&html, &page);
}

void hk_page_step_up(
    struct hk_buf *out, const struct hk_page *base, bool has_totp, const char *then)
{
    struct hk_html html;
    struct hk_page page = begin(&html, out, base, HK_WORD_STEP_UP_TITLE, HK_PLACE_NONE);

    hk_html_line(&html, "p", NULL, HK_WORD_STEP_UP_WHY);
    if (has_totp) {
        hk_page_form(&html, &page, "/step-up");
        if (then != NULL)
            hk_page_hidden(&html, "then", then);
        put_code(&html, HK_WORD_LOGIN_CODE, HK_WORD_NO_TEXT, true, false);
        hk_page_button(&html, HK_WORD_STEP_UP_BUTTON, "main", NULL, NULL);
        hk_html_end(&html);
    } else {
        hk_html_open(&html, "p");
        hk_html_word(&html, HK_WORD_STEP_UP_NONE);
        hk_html_text(&html, " ");
        hk_html_open(&html, "a");
        hk_html_url(&html, "href", "/account/totp");
        hk_html_word(&html, HK_WORD_TOTP_BEGIN);
        hk_html_end(&html);
        hk_html_end(&html);
    }
    hk_page_end(&html, &page);
}

void hk_page_qr(struct hk_buf *out, const char *path, unsigned side)
{
    unsigned whole = side + 2 * QUIET_MODULES;

    hk_buf_appendf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
        "viewBox=\"-%d -%d %u %u\" shape-rendering=\"crispEdges\">"
        "<path fill=\"#fff\" d=\"M-%d -%dh%uv%uh-%uz\"/><path fill=\"#000\" d=\"",
        whole * SCALE, whole * SCALE, QUIET_MODULES, QUIET_MODULES, whole, whole, QUIET_MODULES,
        QUIET_MODULES, whole, whole, whole);
    hk_buf_append_text(out, path);
    hk_buf_append_text(out, "\"/></svg>\n");
}
