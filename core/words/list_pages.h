/*
 * list_pages: the frame of the pages, and those that show: queue, alerts, runs, containments,
 * ledger.
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
    X(NAV_SEARCH, "Search", "検索")                                                                \
    X(NAV_LEDGER, "Ledger", "台帳")                                                                \
    X(NAV_PEOPLE, "People", "利用者")                                                              \
    X(TIMES_IN, "Times are in", "時刻の表示：")                                                    \
    X(LOG_OUT, "Log out", "ログアウト")                                                            \
    X(NEXT_PAGE, "Older", "以前のものを表示")                                                      \
    X(LATER_PAGE, "Later", "続きを表示")                                                           \
    X(FILTER, "Show", "表示する範囲")                                                              \
    X(FILTER_ALL, "all", "すべて")                                                                 \
    X(FILTER_LIVE, "live", "継続中")                                                               \
    X(RELOAD, "Reload", "最新の状態に更新")                                                        \
    X(AS_OF, "As of {0}", "{0} 時点")                                                              \
    X(REASON, "Reason", "理由")                                                                    \
    X(TIME, "Time", "時刻")                                                                        \
    X(STATE, "State", "状態")                                                                      \
    X(SEVERITY, "Severity", "深刻度")                                                              \
    X(BY, "By", "担当")                                                                            \
    X(ID, "Id", "ID")                                                                              \
    X(NOBODY_YET, "nobody yet", "未定")                                                            \
    X(MORE_OF_THESE, "All of these", "すべて表示")                                                 \
    X(AND_MORE, "and {0} more", "ほか{0}件")                                                       \
    X(LEDGER_OF_THIS, "The ledger of this", "この件の台帳")                                        \
                                                                                                   \
    X(PROBLEM_404, "There is nothing here", "ページが見つかりません")                              \
    X(PROBLEM_403, "This is not for your role", "この操作の権限がありません")                      \
    X(PROBLEM_409, "Things have changed", "状況が変わっています")                                  \
    X(PROBLEM_400, "That could not be understood", "入力内容をご確認ください")                     \
    X(PROBLEM_503, "Busy, please try again", "ただいま混み合っています")                           \
    X(PROBLEM_500, "Something went wrong", "エラーが発生しました")                                 \
    X(PROBLEM_404_HINT, "It may have been removed, or it belongs to somebody else.",               \
        "削除されたか、閲覧できる範囲の外にあります。")                                            \
    X(PROBLEM_HINT, "Nothing was changed.", "何も変更されていません。")                            \
    X(PROBLEM_DETAIL, "In detail: {0}", "詳細：{0}")                                               \
    X(TO_THE_QUEUE, "To what is to be done", "要対応の一覧へ")                                     \
                                                                                                   \
    X(SEARCH_TITLE, "Search", "検索")                                                              \
    X(SEARCH_LABEL, "Words in alerts and notes", "アラートとメモに含まれる語")                     \
    X(SEARCH_HINT, "Also: \"a phrase\", begin*, user:alice, severity:>=high, -without, one or other.", \
        "使える書き方：\"語句\"、前方一致*、user:alice、severity:>=high、-除外、a or b")             \
    X(SEARCH_FIND, "Search", "検索する")                                                           \
    X(SEARCH_NONE, "Nothing was found.", "見つかりませんでした。")                                 \
    X(SEARCH_CUT, "The time was up before everything was looked through. Go on, or ask for less.", \
        "時間内に調べきれませんでした。続きを表示するか、条件を絞ってください。")                  \
    X(SEARCH_BEHIND, "{0} entry can't be found yet.|{0} entries can't be found yet.",              \
        "{0}件の記録はまだ検索の対象になっていません。")                                           \
                                                                                                   \
    X(QUEUE, "To do", "要対応")                                                                    \
    X(QUEUE_APPROVALS, "Decisions", "承認待ち")                                                    \
    X(QUEUE_TASKS, "Tasks", "タスク")                                                              \
    X(QUEUE_STUCK, "Runs that need a person", "確認が必要な実行")                                  \
    X(QUEUE_ALERTS, "Alerts that nobody has looked at", "未確認のアラート")                        \
    X(QUEUE_GAPS, "Not covered", "監視できていない範囲")                                           \
    X(GAPS_NONE, "Nothing is left out, as far as is known.", "監視できていない範囲は見つかっていません。") \
    X(QUEUE_NOTHING, "Nothing waits for a person.", "対応が必要なものはありません。")              \
    X(NO_APPROVALS, "No decision is waiting.", "承認待ちはありません。")                           \
    X(NO_ALERTS, "Every alert was looked at.", "未確認のアラートはありません。")                   \
    X(VOTES, "{0} of {1} have approved", "{1}名中{0}名が承認")                                     \
    X(PASSED_TO, "passed on to {0}", "{0}に委任")                                                  \
                                                                                                   \
    X(ALERTS_TITLE, "Alerts", "アラート")                                                          \
    X(ALERT_NONE, "No alerts.", "アラートはありません。")                                          \
    X(ALERT_UNMAPPED, "No mapping knows this message: it is shown as it came.",                    \
        "対応するマッピングがないため、受信した内容をそのまま表示しています。")                    \
    X(ALERT_ABOUT, "What it says", "内容")                                                         \
    X(ALERT_SOURCE, "Sent by", "検知元")                                                 \
    X(ALERT_PRODUCT, "Product", "製品")                                                            \
    X(ALERT_CATEGORY, "Category", "分類")                                                          \
    X(ALERT_EVENT, "Happened", "発生時刻")                                                         \
    X(ALERT_RECEIVED, "Received", "受信時刻")                                                      \
    X(ALERT_SEEN, "First looked at", "初回確認")                                                   \
    X(ALERT_SRC, "From", "送信元")                                                                 \
    X(ALERT_DST, "To", "宛先")                                                                     \
    X(ALERT_DEVICE, "Device", "端末")                                                              \
    X(ALERT_USER, "User", "ユーザー")                                                              \
    X(ALERT_FILE, "File", "ファイル")                                                              \
    X(ALERT_URL, "URL", "URL")                                                                     \
    X(ALERT_PROCESS, "Process", "プロセス")                                                        \
    X(ALERT_TECHNIQUE, "ATT&CK technique", "ATT&CK 手法")                                          \
    X(ALERT_DUPLICATES, "Merged into it", "統合したアラート")                                      \
    X(ALERT_INTO, "Merged into", "統合先")                                                         \
    X(ALERT_VERDICT, "Verdict", "判定")                                                            \
    X(ALERT_CASE, "Case", "ケース")                                                                \
    X(ALERT_RUNS, "What was done about it", "対応の経過")                                          \
    X(ALERT_NO_RUNS, "No playbook took it up.", "該当するプレイブックはありませんでした。")        \
    X(ALERT_RAW, "As it came", "受信したままの内容")                                               \
    X(ALERT_RAW_SIZE, "{0} bytes", "{0}バイト")                                                    \
                                                                                                   \
    X(RUNS_TITLE, "Runs", "実行")                                                                  \
    X(RUN_NONE, "No runs.", "実行はありません。")                                                  \
    X(RUN_TITLE, "Run of {0}", "{0} の実行")                                                       \
    X(RUN_SHADOW, "a version on trial: nothing is done", "試行中のバージョン（実行なし）") \
    X(RUN_PLAYBOOK, "Playbook", "プレイブック")                                                    \
    X(RUN_ALERT, "Because of", "きっかけ")                                                         \
    X(RUN_CALLER, "Called by", "呼び出し元")                                                       \
    X(RUN_CONTINUES, "Goes on from", "引き継ぎ元")                                                 \
    X(RUN_CONTINUED_AS, "Goes on as", "引き継ぎ先")                                                \
    X(RUN_GOES_ON, "goes on as another run", "別の実行が引き継いでいます")                         \
    X(RUN_STARTED, "Started", "開始")                                                              \
    X(RUN_ENDED, "Ended", "終了")                                                                  \
    X(RUN_RESULT, "Result", "結果")                                                                \
    X(RUN_STEPS, "Step by step", "ステップの経過")                                                 \
    X(RUN_NO_STEPS, "It has not asked for anything yet.", "まだステップはありません。")            \
    X(RUN_VERSION, "Version", "バージョン")                                                        \
    X(RUN_DIVERGED_HINT,                                                                           \
        "Run again on its record, the playbook asked for something else. Nothing more is done.",   \
        "記録に沿って再実行したところ、プレイブックが別の動作を求めました。以後の処理は止めています。") \
    X(RUN_EXPECTED, "The record says", "記録の内容")                                               \
    X(RUN_GOT, "It asked for", "求めた内容")                                                       \
    X(RUN_STOP, "Cancel this run", "この実行を中止する")                                           \
    X(RUN_STOP_HINT, "Nothing more is begun. What it has contained stays until its time is up or somebody releases it.", \
        "新たな処理は行いません。実施済みの封じ込めは、期限または解除まで続きます。")              \
    X(RUN_RESOLVE, "Say what happened", "結果を確定する")                                          \
    X(RUN_RESOLVE_HINT, "Nobody knows whether this took effect. Look at the product itself, then record what you found.", \
        "実施されたかどうかが分かりません。対象の製品を直接ご確認のうえ、結果を記録してください。") \
    X(RUN_HAPPENED, "It took effect", "実施されていた")                                            \
    X(RUN_DID_NOT, "It did not", "実施されていなかった")                                           \
    X(RUN_EVIDENCE, "How you know", "確認した方法と根拠")                                          \
    X(RUN_RECORD, "Record it", "記録する")                                                         \
                                                                                                   \
    X(STEP_ACT, "{0}", "{0}")                                                                      \
    X(STEP_ASK, "Asks people: {0}", "担当者への質問：{0}")                                         \
    X(STEP_WAIT, "Waits {0}", "{0}待機")                                                           \
    X(STEP_NOTE, "Notes: {0}", "メモ：{0}")                                                        \
    X(STEP_CLOSE, "Closes the alert: {0}", "アラートをクローズ：{0}")                              \
    X(STEP_WAITS_UNTIL, "until {0}", "{0} まで")                                                   \
    X(STEP_WHY, "Why it may", "根拠となる規則")                                                    \
    X(STEP_RULE, "Rule {0}: {1}", "規則「{0}」：{1}")                                              \
    X(STEP_OUTCOME, "Outcome", "結果")                                                             \
    X(STEP_ARGS, "With", "引数")                                                                   \
    X(STEP_APPROVAL, "Approval", "承認依頼")                                                       \
    X(STEP_CONTAINMENT, "Containment", "封じ込め")                                                 \
    X(STEP_CALLED, "Waits for the run", "待っている実行")                                          \
    X(STEP_WHERE, "Line", "該当行")                                                                \
    X(STEP_SHOWN, "Steps {0} to {1} of {2}", "全{2}ステップ中 {0}～{1}")                           \
                                                                                                   \
    X(CONTAINMENTS_TITLE, "Contained now", "実施中の封じ込め")                                     \
    X(CONTAINMENTS_ALL, "Containments", "封じ込め")                                                \
    X(CONTAINMENT_NONE, "Nothing is blocked or isolated.", "実施中の封じ込めはありません。")       \
    X(CONTAINMENT_SINCE, "Since", "開始")                                                          \
    X(CONTAINMENT_WORD, "By whose word", "指示した人")                                             \
    X(CONTAINMENT_UNTIL, "Until", "期限")                                                          \
    X(CONTAINMENT_NO_END, "no end: nothing takes it back", "期限なし（元に戻す手段がありません）") \
    X(CONTAINMENT_RESIDUAL, "What stays", "解除後も残る影響")                                      \
    X(CONTAINMENT_VERIFIED, "Last verified", "最終確認")                                           \
    X(CONTAINMENT_NEVER_VERIFIED, "not yet", "未確認")                                             \
    X(CONTAINMENT_FOUND, "What was found", "確認した結果")                                         \
    X(CONTAINMENT_RULE, "Rule", "適用した規則")                                                    \
    X(CONTAINMENT_BY_RULE, "nobody: rule {0} lets it be done", "規則「{0}」による自動実施")        \
    X(CONTAINMENT_BY_HAND, "done by hand", "手作業で実施")                                         \
    X(CONTAINMENT_UNDO, "Undone by", "元に戻す操作")                                               \
    X(CONTAINMENT_HISTORY, "What happened", "経過")                                                \
    X(CONTAINMENT_DRIFT_HINT, "What was found is not what should be. Somebody else may have changed it.", \
        "実際の状態が記録と一致しません。別の操作で変更された可能性があります。")                  \
    X(CONTAINMENT_UNKNOWN_HINT, "It is not known whether this holds. Look at the product itself.", \
        "有効かどうかが分かりません。対象の製品を直接ご確認ください。")                            \
    X(RELEASE, "Release", "解除する")                                                              \
    X(RELEASE_HINT, "Takes it back now.", "いますぐ元に戻します。")                                \
    X(RENEW, "Renew", "延長する")                                                                  \
    X(RENEW_FOR, "From now for", "いまから")                                                       \
    X(VERIFY, "Look whether it holds", "有効かどうか確認する")                                     \
    X(VERIFY_HINT, "Asks the product itself.", "対象の製品に直接問い合わせます。")                                     \
                                                                                                   \
    X(LEDGER_TITLE, "Ledger", "台帳")                                                              \
    X(LEDGER_OF, "Ledger of {0}", "{0} の台帳")                                                    \
    X(LEDGER_SUBJECT, "Id of an alert, run, approval, containment or case", "アラート・実行・承認依頼・封じ込め・ケースのID") \
    X(LEDGER_PAGE, "To its page", "対象のページへ")                                                \
    X(LEDGER_FIND, "Show", "表示する")                                                             \
    X(LEDGER_NONE, "No entries.", "記録はありません。")                                            \
    X(LEDGER_ENTRIES, "Entries", "記録")                                                           \
    X(LEDGER_ENTRY, "Entry {0}", "記録 {0}")                                                       \
    X(ERASED_HERE, "What was recorded here was erased.", "ここに記録されていた内容は消去されました。") \
    X(LEDGER_ERASED, "Its payload was erased.", "内容は消去されています。")                        \
    X(LEDGER_PAYLOAD, "What it says", "内容")                                                      \
    X(LEDGER_LINE, "The line that is hashed", "ハッシュ対象の行")                                  \
    X(LEDGER_LEAF, "Leaf hash", "リーフハッシュ")                                                  \
    X(LEDGER_PROOF, "Verification", "検証")                                                        \
    X(PROOF_VERIFIED, "verified", "検証済み")                                                      \
    X(PROOF_WRONG, "NOT VERIFIED", "検証失敗")                                                     \
    X(PROOF_LATER, "not covered yet", "検証待ち")                                                  \
    X(PROOF_VERIFIED_HINT,                                                                         \
        "These lines lead, hash by hash, to the root of the newest signed checkpoint, and each payload is the one its line commits to.", \
        "表示中の各行から計算したルートハッシュが、署名済みの最新チェックポイントと一致しました。内容も各行の確約値と一致しています。") \
    X(PROOF_WRONG_HINT,                                                                            \
        "What is stored does not lead to what was signed. Keep the data folder as it is, and run hikeshi audit verify.", \
        "保存されている記録が、署名時の内容と一致しません。データフォルダーに手を加えず、hikeshi audit verify を実行してください。") \
    X(PROOF_UNSIGNED_HINT, "The newest checkpoint is not signed by this ledger's key.",            \
        "最新のチェックポイントの署名が、この台帳の鍵と一致しません。")                            \
    X(PROOF_PAYLOAD_HINT, "The payload of entry {0} is not the one that its line commits to.",     \
        "記録 {0} の内容が、行の確約値と一致しません。")                                           \
    X(PROOF_LATER_HINT, "Entries from {0} on are newer than the newest checkpoint. One is made within a minute.", \
        "記録 {0} 以降は最新のチェックポイントより後のものです。1分以内に次が作成されます。")      \
    X(PROOF_NONE_HINT, "There is no checkpoint yet.", "チェックポイントはまだありません。")        \
    X(PROOF_CHECKPOINT, "Newest checkpoint", "最新のチェックポイント")                             \
    X(PROOF_SIZE, "{0} entry|{0} entries", "記録{0}件")                                            \
    X(PROOF_KEY, "Key of this ledger", "この台帳の公開鍵")                                         \
    X(PROOF_OUTSIDE,                                                                               \
        "Whoever holds database and key could rewrite both. Hold this checkpoint against one that was kept elsewhere.", \
        "データベースと鍵の両方を持つ人は記録を書き換えられます。別の場所に保管したチェックポイントと照合してください。") \
                                                                                                   \
    X(PEOPLE_TITLE, "People", "利用者")                                                            \
    X(PEOPLE_NONE, "Nobody.", "利用者はいません。")                                                \
    X(PEOPLE_ROLE, "Role", "権限")
/* clang-format on */

#endif
