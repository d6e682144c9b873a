/*
 * list_login: logging in, passwords and second factors, the list of sessions.
 */
#ifndef HK_WORDS_LIST_LOGIN_H
#define HK_WORDS_LIST_LOGIN_H

/* clang-format off */
#define HK_WORDS_LOGIN(X)                                                                          \
    X(LOGIN_TITLE, "Log in", "ログイン")                                                           \
    X(LOGIN_TENANT, "Tenant", "テナント")                                                          \
    X(LOGIN_NAME, "Name", "利用者名")                                                              \
    X(LOGIN_PASSWORD, "Password", "パスワード")                                                    \
    X(LOGIN_CODE, "Code", "確認コード")                                                            \
    X(LOGIN_CODE_HINT,                                                                             \
        "Six digits from your device, or a code on paper. Leave it empty if you have "             \
        "neither.",                                                                                \
        "認証アプリの6桁のコード、または控えのリカバリーコードを入力します。未設定の場合は"        \
        "空欄のままにしてください。")                                                              \
    X(LOGIN_BUTTON, "Log in", "ログイン")                                                          \
    X(LOGIN_AGAIN, "If you have logged in already, go on to the page.",                            \
        "すでにログインしている場合は、そのままページに進めます。")                                \
    X(LOGIN_GO_ON, "Go on", "進む")                                                                \
    X(LOGIN_REFUSED, "Name, password or code is not right.",                                       \
        "利用者名、パスワード、または確認コードが正しくありません。")                              \
    X(LOGIN_WAIT, "Too many tries. Please try again in {0}.",                                      \
        "試行回数が多すぎます。{0}後にもう一度お試しください。")                                   \
    X(LOGIN_BUSY, "Too many people log in at this moment. Please try again.",                      \
        "ただいまログインが集中しています。しばらくしてからもう一度お試しください。")              \
    X(LOGIN_PASSWORD_SET, "The password is set. Please log in with it.",                           \
        "パスワードを設定しました。新しいパスワードでログインしてください。")                      \
    X(LOGIN_LOGGED_OUT, "You are logged out.", "ログアウトしました。")                             \
    X(LOGIN_NEEDED, "For a new password, ask your administrator for a link.",                      \
        "パスワードを忘れた場合は、管理者に再設定用のリンクを依頼してください。")                  \
    X(LINK_TITLE, "Set your password", "パスワードの設定")                                         \
    X(LINK_FOR, "For {0}", "利用者：{0}")                                                          \
    X(LINK_HINT,                                                                                   \
        "At least 12 characters; a few words that mean something to you alone are good. "          \
        "There are no rules about digits or signs.",                                               \
        "12文字以上で設定してください。ご自身だけに意味のある、複数の言葉の組"       \
        "み合わせをお勧めします。数字や記号は必須ではありません。")                                \
    X(LINK_AGAIN, "Once more", "もう一度入力")                                                     \
    X(LINK_BUTTON, "Set the password", "パスワードを設定")                                         \
    X(LINK_BAD_TITLE, "This link is not valid", "このリンクは使えません")                          \
    X(LINK_BAD,                                                                                    \
        "It was used already, is older than a day, or a newer one was made. Ask your "             \
        "administrator for a new one.",                                                            \
        "使用済み、発行から24時間以上経過、または新しいリンクが発行されています。管理者に再"       \
        "発行を依頼してください。")                                                                \
    X(PASSWORD_SHORT, "That is shorter than 12 characters.",                                       \
        "12文字より短いパスワードは使えません。")                                                  \
    X(PASSWORD_LONG, "That is longer than 256 bytes.",                                             \
        "256バイトを超えるパスワードは使えません。")                                               \
    X(PASSWORD_HAS_NAME, "That is little more than your name.",                                    \
        "利用者名とほとんど同じパスワードは使えません。")                                          \
    X(PASSWORD_COMMON, "That is among the first that anybody would try.",                          \
        "推測されやすいパスワードは使えません。")                                                  \
    X(PASSWORD_DIFFERS, "The two are not the same.", "2つの入力が一致していません。")              \
    X(ACCOUNT_TITLE, "Your account", "アカウント")                                                 \
    X(ACCOUNT_WHO, "Who you are", "利用者情報")                                                    \
    X(ACCOUNT_NAME, "Name", "利用者名")                                                            \
    X(ACCOUNT_ROLE, "Role", "権限")                                                                \
    X(ACCOUNT_TENANT, "Tenant", "テナント")                                                        \
    X(ACCOUNT_SESSIONS, "Where you are logged in", "ログイン中の端末")                             \
    X(ACCOUNT_THIS, "this one", "この端末")                                                        \
    X(ACCOUNT_OPENED, "Since", "開始")                                                             \
    X(ACCOUNT_SEEN, "Last request", "最終アクセス")                                                \
    X(ACCOUNT_FROM, "From", "接続元")                                                              \
    X(ACCOUNT_AGENT, "Browser", "ブラウザー")                                                      \
    X(ACCOUNT_END, "End it", "終了する")                                                           \
    X(ACCOUNT_END_OTHERS, "End all others", "ほかをすべて終了")                                    \
    X(ACCOUNT_ENDED, "Ended.", "終了しました。")                                                   \
    X(ACCOUNT_PASSWORD, "A new password", "パスワードの変更")                                      \
    X(ACCOUNT_PASSWORD_NOW, "The password you have now", "現在のパスワード")                       \
    X(ACCOUNT_PASSWORD_NEW, "The new one", "新しいパスワード")                                     \
    X(ACCOUNT_PASSWORD_BUTTON, "Change it", "変更する")                                            \
    X(ACCOUNT_PASSWORD_DONE, "The password is changed, and all other sessions have ended.",        \
        "パスワードを変更し、ほかの端末のログインをすべて終了しました。")                          \
    X(ACCOUNT_PASSWORD_WRONG, "The password you have now is another one.",                         \
        "現在のパスワードが正しくありません。")                                                    \
    X(TOTP_TITLE, "Codes from a device", "認証アプリの設定")                                       \
    X(TOTP_WHAT,                                                                                   \
        "An app on your phone shows a new code every 30 seconds. With it, your password "          \
        "alone lets nobody in.",                                                                   \
        "スマートフォンの認証アプリに、30秒ごとに変わる確認コードが表示されます。設定すると"       \
        "、パスワードだけではログインできなくなります。")                                          \
    X(TOTP_MUST, "Here everybody needs one. Please set it up now.",                                \
        "このテナントでは全員に設定が必要です。今すぐ設定してください。")                          \
    X(TOTP_IS_SET, "Your device is set up.", "認証アプリは設定済みです。")                         \
    X(TOTP_PAPER_LEFT, "{0} code on paper is left|{0} codes on paper are left",                    \
        "未使用のリカバリーコード：{0}個")                                                         \
    X(TOTP_BEGIN, "Set up a device", "認証アプリを設定する")                                       \
    X(TOTP_SCAN, "Scan this with the app, or type the letters into it.",                           \
        "認証アプリでこのQRコードを読み取るか、下の文字列を入力してください。")                    \
    X(TOTP_QR, "QR code with the secret below", "下の文字列を含むQRコード")                        \
    X(TOTP_SECRET, "Letters", "文字列")                                                            \
    X(TOTP_FIRST_CODE, "The code that it shows now", "表示された確認コード")                       \
    X(TOTP_CONFIRM, "Confirm", "確認する")                                                         \
    X(TOTP_WRONG, "That is not the code of this moment. Each code counts once.",                   \
        "確認コードが正しくありません。同じコードは一度しか使えません。")                          \
    X(TOTP_PAPER_TITLE, "Codes on paper", "リカバリーコード")                                      \
    X(TOTP_PAPER,                                                                                  \
        "Write these down now: they are shown this once. Each lets you in once, when the "         \
        "device is lost.",                                                                         \
        "リカバリーコードは今回しか表示されません。必ず控えてください。認証アプリを使えなく"       \
        "なったとき、1つにつき1回だけ確認コードの代わりに使えます。")                              \
    X(TOTP_DONE, "I have written them down", "控えました")                                         \
    X(TOTP_REMOVE, "Remove the device", "認証アプリの設定を解除")                                  \
    X(TOTP_REMOVE_HINT, "A code of the device, or one on paper.",                                  \
        "認証アプリの確認コード、またはリカバリーコードを入力してください。")                      \
    X(TOTP_REMOVED, "The device is removed.", "認証アプリの設定を解除しました。")                  \
    X(STEP_UP_TITLE, "One more code", "確認コードの入力")                                          \
    X(STEP_UP_WHY,                                                                                 \
        "What you want to do wants a code of your device that is at most five minutes "            \
        "old.",                                                                                    \
        "この操作には、5分以内に入力された認証アプリの確認コードが必要です。")                     \
    X(STEP_UP_NONE, "You have no device that gives codes yet.",                                    \
        "認証アプリがまだ設定されていません。")                                                    \
    X(STEP_UP_BUTTON, "Go on", "続ける")
/* clang-format on */

#endif
