/*
 * list_case: the pages of cases and tasks.
 */
#ifndef HK_WORDS_LIST_CASE_H
#define HK_WORDS_LIST_CASE_H

/* clang-format off */
#define HK_WORDS_CASE(X)                                                                           \
    X(CASES_TITLE, "Cases", "ケース")                                                              \
    X(CASE_NONE, "No cases.", "ケースはありません。")                                              \
    X(CASE_NOW, "Now", "現在の状況")                                                               \
    X(CASE_HAPPENING, "What is happening", "何が起きているか")                                     \
    X(CASE_DO_NOW, "What must be done now", "いますべきこと")                                      \
    X(CASE_NOT_SAID, "Nobody has said yet.", "まだ記載がありません。")                             \
    X(CASE_IMPACT, "Impact", "影響")                                                               \
    X(CASE_SCOPE, "Scope", "範囲")                                                                 \
    X(CASE_EDIT, "Change this", "書き換える")                                                      \
    X(CASE_SAVE, "Save", "保存する")                                                               \
    X(CASE_PHASE, "Phase", "段階")                                                                 \
    X(CASE_ASSIGNEE, "Assigned to", "担当者")                                                      \
    X(CASE_TAKE, "Take it", "自分が担当する")                                                      \
    X(CASE_OPENED, "Opened", "開始")                                                               \
    X(CASE_CLOSED, "Closed", "終了")                                                               \
    X(CASE_INTO, "Merged into", "統合先")                                                          \
    X(CASE_PROPOSED, "Proposed verdict", "判定の提案")                                             \
    X(CASE_CLOCKS, "Times", "対応時間")                                                            \
    X(CASE_DETECT, "Event to alert", "発生から検知まで")                                           \
    X(CASE_TRIAGE, "Alert to first look", "検知から初回確認まで")                                  \
    X(CASE_NOTIFY, "Question to notice", "依頼から通知まで")                                       \
    X(CASE_DECIDE, "Question to decision", "依頼から決定まで")                                     \
    X(CASE_CONTAIN, "Alert to effect", "検知から封じ込めまで")                                     \
    X(CASE_RESTORE, "Effect to undone", "封じ込めから解除まで")                                    \
    X(CASE_OPEN_DECISIONS, "Decisions", "承認依頼")                                                \
    X(CASE_CONTAINED, "Contained now", "実施中の封じ込め")                                         \
    X(CASE_TASKS, "Tasks", "タスク")                                                               \
    X(CASE_NO_TASKS, "No tasks.", "タスクはありません。")                                          \
    X(CASE_ENTITIES, "What it is about", "関係する端末・アカウントなど")                           \
    X(CASE_ALERTS, "Alerts", "アラート")                                                           \
    X(CASE_RUNS, "Runs", "実行")                                                                   \
    X(CASE_EVIDENCE, "Evidence", "証拠")                                                           \
    X(CASE_NO_EVIDENCE, "No evidence yet.", "証拠はまだ登録されていません。")                      \
    X(CASE_SHA256, "SHA-256", "SHA-256")                                                           \
    X(CASE_PLACE, "Kept at", "保管場所")                                                           \
    X(CASE_NOTES, "Notes", "メモ")                                                                 \
    X(CASE_NOTE, "Note", "メモ")                                                                   \
    X(CASE_ADD_NOTE, "Add the note", "メモを追加する")                                             \
    X(CASE_TIMELINE, "Timeline", "タイムライン")                                                   \
    X(CASE_TIMELINE_CUT, "Older alerts of this case are left out.", "このケースの古いアラートは省略しています。") \
    X(CASE_VERDICT, "Verdict", "判定")                                                             \
    X(CASE_CLOSE, "Close with a verdict", "判定してクローズする")                                  \
    X(CASE_CLOSE_HINT, "Its open alerts are closed with it.", "未クローズのアラートも同じ判定でクローズします。") \
    X(CASE_SET_PHASE, "Set the phase", "段階を変更する")                                           \
    X(CASE_REOPEN, "Open again", "再開する")                                                       \
    X(CASE_RELEASE, "Release everything", "すべて解除する")                                        \
    X(CASE_RELEASE_HINT, "Takes back everything that the runs of this case contained.",            \
        "このケースで実施した封じ込めをすべて解除します。")                                        \
    X(CASE_SIMILAR, "Similar cases", "似たケース")                                                 \
    X(CASE_SHARES, "shares {0}", "共通点：{0}")                                                    \
                                                                                                   \
    X(TASKS_TITLE, "Tasks", "タスク")                                                              \
    X(TASK_NONE, "No tasks.", "タスクはありません。")                                              \
    X(TASK_INSTRUCTION, "What to do", "手順")                                                      \
    X(TASK_OWNER, "Owner", "担当")                                                                 \
    X(TASK_DUE, "Due", "期限")                                                                     \
    X(TASK_ABOUT, "About", "対象")                                                                 \
    X(TASK_ARGS, "Exactly", "実施する内容")                                                        \
    X(TASK_UNDO, "Undone by", "元に戻す操作")                                                      \
    X(TASK_OUTCOME, "Outcome", "結果")                                                             \
    X(TASK_DONE, "Say what became of it", "結果を記録する")                                        \
    X(TASK_HAPPENED, "It was done", "実施した")                                                    \
    X(TASK_DID_NOT, "It was not done", "実施しなかった")                                           \
    X(TASK_NOT_NEEDED, "It was not needed", "不要だった")                                          \
    X(TASK_EVIDENCE, "How that is known", "確認した方法と根拠")                                    \
    X(TASK_RECORD, "Record it", "記録する")
/* clang-format on */

#endif
