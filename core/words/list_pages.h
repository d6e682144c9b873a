/*
 * list_pages: the frame of the pages, and those that show: queue, runs, containments, ledger.
 */
#ifndef HK_WORDS_LIST_PAGES_H
#define HK_WORDS_LIST_PAGES_H

/* clang-format off */
#define HK_WORDS_PAGES(X)                                                                          \
    X(NO_TEXT, "", "")                                                                             \
    X(THIS_LANGUAGE, "English", "日本語")                                                          \
    X(SKIP, "Skip to the content", "本文へ移動")                                                   \
    X(NAV, "Main", "主なページ")                                                                   \
    X(NAV_QUEUE, "To do", "要対応")                                                                \
    X(NAV_CASES, "Cases", "ケース")                                                                \
    X(NAV_ALERTS, "Alerts", "アラート")                                                            \
    X(NAV_CONTAINMENTS, "Containments", "封じ込め")                                                \
    X(NAV_RUNS, "Runs", "実行")                                                                    \
    X(NAV_LEDGER, "Ledger", "台帳")                                                                \
    X(TIMES_IN, "Times are in", "時刻の表示：")                                                    \
    X(LOG_OUT, "Log out", "ログアウト")                                                            \
    X(NEXT_PAGE, "Older", "以前のものを表示")
/* clang-format on */

#endif
