/*
 * login: the pages on which people prove who they are. Pure, as all pages are (see pages.h): what
 * they show is given as plain values.
 */
#ifndef HK_CONSOLE_LOGIN_H
#define HK_CONSOLE_LOGIN_H

#include "console/page.h"

struct hk_page_login {
    bool asks_tenant;   /* there are several */
    const char *tenant; /* as it was typed; may be NULL, like name and then */
    const char *name;
    const char *then; /* where to go after it */
    bool may_be_in;   /* came from another site, so the session's cookie didn't come along */
};
void hk_page_login(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_login *what);

/* Set a password with a link. */
void hk_page_link(
    struct hk_buf *out, const struct hk_page *base, const char *link, const char *name);
void hk_page_link_bad(struct hk_buf *out, const struct hk_page *base);

/* One of a person's sessions. */
struct hk_account_session {
    const char *id;
    const char *from;
    const char *agent;
    int64_t opened_us;
    int64_t seen_us;
    bool is_this;
};
struct hk_page_account {
    bool has_totp;
    unsigned paper_count; /* codes on paper that are left */
    const struct hk_account_session *sessions;
    size_t session_count;
};
void hk_page_account(
    struct hk_buf *out, const struct hk_page *base, const struct hk_page_account *what);

/* Set up a device: begin with the password … */
void hk_page_totp(struct hk_buf *out, const struct hk_page *base, bool is_set, bool is_required,
    unsigned paper_count);
/* … scan (the picture is at /account/totp/qr) and give a first code … */
void hk_page_totp_scan(struct hk_buf *out, const struct hk_page *base, const char *secret);
/* … and write down the codes on paper. */
void hk_page_totp_done(
    struct hk_buf *out, const struct hk_page *base, const char *const *codes, size_t count);

void hk_page_step_up(
    struct hk_buf *out, const struct hk_page *base, bool has_totp, const char *then);

/* An SVG picture from a QR code's path (login/qr.h), with the quiet zone that readers want. */
void hk_page_qr(struct hk_buf *out, const char *path, unsigned side);

#endif
