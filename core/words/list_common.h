/*
 * list_common: numbers, lengths of time, and words that stand on every page and in every mail.
 */
#ifndef HK_WORDS_LIST_COMMON_H
#define HK_WORDS_LIST_COMMON_H

/* clang-format off */
#define HK_WORDS_COMMON(X)                                                                         \
    X(SECONDS, "{0} second|{0} seconds", "{0}秒")                                                  \
    X(MINUTES, "{0} minute|{0} minutes", "{0}分")                                                  \
    X(HOURS, "{0} hour|{0} hours", "{0}時間")                                                      \
    X(DAYS, "{0} day|{0} days", "{0}日")                                                           \
    X(TIME_LEFT, "{0} left", "残り{0}")                                                            \
    X(TIME_OVERDUE, "{0} overdue", "期限を{0}超過")                                                \
    X(TIME_AGO, "{0} ago", "{0}前")                                                                \
    X(TIME_JUST_NOW, "just now", "たった今")                                                       \
    X(NEVER, "never", "なし")                                                                      \
    X(NONE, "none", "なし")                                                                        \
    X(UNKNOWN, "not known", "不明")                                                                \
    X(YES, "yes", "はい")                                                                          \
    X(NO, "no", "いいえ")                                                                          \
    X(ALERTS, "{0} alert|{0} alerts", "アラート{0}件")                                             \
    X(APPROVALS, "{0} approval|{0} approvals", "承認依頼{0}件")                                    \
    X(CONTAINMENTS, "{0} containment|{0} containments", "封じ込め{0}件")                           \
    X(CASES, "{0} case|{0} cases", "ケース{0}件")                                                  \
    X(TASKS, "{0} task|{0} tasks", "タスク{0}件")                                                  \
    X(PERSONS, "{0} person|{0} people", "{0}名")                                                   \
    X(ENGINE_ITSELF, "Hikeshi itself", "Hikeshi（自動）")                                          \
    X(LOCAL_COMMAND, "the command line on the server", "サーバー上のコマンド操作")
/* clang-format on */

#endif
