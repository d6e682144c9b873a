/*
 * list_mail: what mails and chat messages say. MAIL_S_… are subjects: {0} is what it is about.
 */
#ifndef HK_WORDS_LIST_MAIL_H
#define HK_WORDS_LIST_MAIL_H

/* clang-format off */
#define HK_WORDS_MAIL(X)                                                                           \
    X(MAIL_S_APPROVAL, "Approval needed: {0}", "承認のお願い：{0}")                                \
    X(MAIL_S_QUESTION, "Answer needed: {0}", "回答のお願い：{0}")                                  \
    X(MAIL_S_REMINDER, "Still waiting: {0}", "【再通知】未回答です：{0}")                          \
    X(MAIL_S_ESCALATION, "Escalated to you: {0}", "【エスカレーション】{0}")                       \
    X(MAIL_S_APPROVED, "Approved: {0}", "承認されました：{0}")                                     \
    X(MAIL_S_ANSWERED, "Answered: {0}", "回答がありました：{0}")                                   \
    X(MAIL_S_REJECTED, "Rejected: {0}", "却下されました：{0}")                                     \
    X(MAIL_S_EXPIRED, "Expired, nobody answered: {0}", "回答がなく期限切れになりました：{0}")      \
    X(MAIL_S_VOID, "No longer asked: {0}", "依頼は無効になりました：{0}")                          \
    X(MAIL_S_DONE, "Done, for your information: {0}", "【実施報告】{0}")                           \
    X(MAIL_S_UNKNOWN, "Outcome not known, please look: {0}", "【要確認】結果が不明です：{0}")      \
    X(MAIL_S_FAILED, "A run failed: {0}", "実行が失敗しました：{0}")                               \
    X(MAIL_S_DIVERGED, "A run stopped, it no longer follows its record: {0}",                      \
        "記録と一致しないため実行を停止しました：{0}")                                             \
    X(MAIL_S_HELD, "Could not be released yet: {0}", "解除できていません：{0}")                    \
    X(MAIL_S_DRIFTED, "No longer as it should be: {0}", "【要確認】封じ込めの実状が異なります：{0}") \
    X(MAIL_S_TASK, "A task for you: {0}", "タスクのお願い：{0}")                                   \
    X(MAIL_S_NOTIFY, "Message: {0}", "お知らせ：{0}")                                              \
    X(MAIL_S_ESCALATE, "Please take over: {0}", "【エスカレーション】対応のお願い：{0}")           \
    X(MAIL_S_TEST, "Test: you can be reached", "通知テスト")                                       \
    X(MAIL_S_GATHERED, "{0} notice|{0} notices", "お知らせ{0}件")                                  \
    X(MAIL_S_DIGEST, "Today: {0}", "本日の状況：{0}")                                              \
    X(MAIL_S_OTHER, "Please look: {0}", "ご確認ください：{0}")                                     \
                                                                                                   \
    X(MAIL_ASKED, "You are asked whether this may be done.", "次の対応を実施してよいか、ご判断をお願いします。") \
    X(MAIL_ASKED_QUESTION, "You are asked a question.", "次の質問にご回答をお願いします。")        \
    X(MAIL_REMINDED, "Nobody has decided yet.", "まだ回答がありません。")                          \
    X(MAIL_ESCALATED, "Whoever was asked before has not answered. Now you are asked.",             \
        "先に依頼した担当者から回答がないため、あらためてご判断をお願いします。")                  \
    X(MAIL_APPROVED, "It was approved and is being carried out.", "承認され、実施に移りました。")  \
    X(MAIL_ANSWERED, "The question was answered.", "質問に回答がありました。")                     \
    X(MAIL_REJECTED, "It was rejected. Nothing was done.", "却下されました。実施していません。")   \
    X(MAIL_EXPIRED, "Nobody answered in time. That counts as a no: nothing was done.",             \
        "期限までに回答がありませんでした。不承認とみなし、実施していません。")                    \
    X(MAIL_VOID, "It is no longer asked. Nothing needs to be decided.",                            \
        "依頼は無効になりました。ご判断は不要です。")                                              \
    X(MAIL_DONE, "This was done at once, because a rule of yours says so.",                        \
        "あらかじめ定められた規則に従い、次の対応を実施しました。")                                \
    X(MAIL_UNKNOWN, "A call was cut off, and nobody can know from here whether it took effect. "   \
        "The run waits until a person has looked and written down what happened.",                 \
        "呼び出しが途中で切れたため、実施されたかどうかを自動では判断できません。実状をご確認のうえ、結果を記録してください。それまで実行は停止しています。") \
    X(MAIL_FAILED, "The run ended with an error. What it had blocked stays until its time is up.", \
        "実行はエラーで終了しました。実施済みの封じ込めは期限まで有効です。")                      \
    X(MAIL_DIVERGED, "The playbook wants something else now than its record says. Nothing more is done " \
        "for this run until a person ends it.",                                                    \
        "プレイブックの動作が記録と一致しません。担当者が終了させるまで、この実行では何も行いません。") \
    X(MAIL_HELD, "It was to be released, and that failed. It still holds and is tried again.",     \
        "解除に失敗しました。封じ込めは続いており、解除を再試行します。")                          \
    X(MAIL_DRIFTED, "What is there is no longer what was put there.",                              \
        "実際の状態が、実施した内容と異なっています。")                                            \
    X(MAIL_TASK, "This can't be done from here. Somebody has to do it.",                           \
        "自動では実施できないため、対応をお願いします。")                                          \
    X(MAIL_NOTIFY, "The playbook {0} says:", "プレイブック「{0}」からのお知らせです。")            \
    X(MAIL_ESCALATE, "The playbook {0} hands this over to you.",                                   \
        "プレイブック「{0}」から対応を引き継ぎます。")                                             \
    X(MAIL_TEST, "This is a test. If you read it, notices reach you. Nothing needs to be done.",   \
        "これはテストです。このメッセージが届いていれば、通知を受け取れます。対応は不要です。")    \
    X(MAIL_GATHERED, "Several things happened within a short time:", "短い時間に次の件がありました。") \
    X(MAIL_AND_MORE, "and {0} more", "ほか{0}件")                                                  \
    X(MAIL_OTHER, "Something needs a look.", "ご確認をお願いします。")                             \
                                                                                                   \
    X(MAIL_SEVERITY, "Severity", "重大度")                                                         \
    X(MAIL_ALERT, "Alert", "アラート")                                                             \
    X(MAIL_WHY, "Why", "理由")                                                                     \
    X(MAIL_TARGET, "Target", "対象")                                                               \
    X(MAIL_ACTION, "Action", "対応")                                                               \
    X(MAIL_UNDO, "Undone by", "取り消し方法")                                                      \
    X(MAIL_NO_UNDO, "can't be undone", "取り消しできません")                                       \
    X(MAIL_RESIDUAL, "What stays", "取り消し後も残る影響")                                         \
    X(MAIL_FOR, "For", "期間")                                                                     \
    X(MAIL_UNTIL, "Until", "期限")                                                                 \
    X(MAIL_RULE, "Rule", "規則")                                                                   \
    X(MAIL_WHO, "Who decides", "判断者")                                                           \
    X(MAIL_CHOICES, "Choices", "選択肢")                                                           \
    X(MAIL_BY, "By", "判断した人")                                                                 \
    X(MAIL_REASON, "Reason", "理由")                                                               \
    X(MAIL_ANSWER, "Answer", "回答")                                                               \
    X(MAIL_PLAYBOOK, "Playbook", "プレイブック")                                                   \
    X(MAIL_STEP, "Step", "ステップ")                                                               \
    X(MAIL_ERROR, "Error", "エラー")                                                               \
    X(MAIL_RETRY, "Tried again", "再試行")                                                         \
    X(MAIL_INSTRUCTION, "What to do", "手順")                                                      \
    X(MAIL_DUE, "Due", "期限")                                                                     \
    X(MAIL_TIME, "Time", "時刻")                                                                   \
    X(MAIL_DEADLINE, "Without an answer by {0} ({1}), nothing is done.",                           \
        "{0}（{1}）までに回答がない場合、実施しません。")                                          \
    X(MAIL_DEADLINE_ANSWER, "Without an answer by {0} ({1}), the playbook goes on without one.",   \
        "{0}（{1}）までに回答がない場合、回答なしとして処理を続けます。")                          \
    X(MAIL_ERASED, "The details have been erased.", "詳細は消去済みです。")                        \
    X(MAIL_DECIDE_HERE, "Look and decide here:", "確認と判断はこちらから：")                       \
    X(MAIL_LOOK_HERE, "Look here:", "詳細はこちら：")                                              \
    X(MAIL_OPEN, "Open", "開く")                                                                   \
    X(MAIL_ONLY_TELLS, "This message only tells. Nothing in it decides; log in on the page to do that.", \
        "このメッセージはお知らせです。リンクを開いただけでは何も決定されません。判断はログイン後の画面で行ってください。") \
    X(MAIL_CHECKPOINT, "Newest checkpoint of the record. Keep it: a record that was changed later does not match it.", \
        "台帳の最新チェックポイントです。保管しておくと、後から台帳が書き換えられたことを検出できます。") \
                                                                                                   \
    X(MAIL_PENDING, "Waiting for a decision", "承認待ち")                                          \
    X(MAIL_CONTAINED, "Contained now", "実施中の封じ込め")                                         \
    X(MAIL_UNKNOWNS, "Outcome not known", "結果不明")                                              \
    X(MAIL_GAPS, "Not covered", "対応できていない範囲")                                            \
    X(MAIL_SINCE, "since {0}", "{0}から")                                                          \
    X(MAIL_UP_TO, "until {0}", "{0}まで")                                                          \
    X(MAIL_ALL_QUIET, "Nothing is open.", "未対応の件はありません。")
/* clang-format on */

#endif
