/*
 * list_decide: the page on which a person decides, and what is said when they did.
 */
#ifndef HK_WORDS_LIST_DECIDE_H
#define HK_WORDS_LIST_DECIDE_H

/* clang-format off */
#define HK_WORDS_DECIDE(X)                                                                         \
    /* one sentence for what is asked; {0} is the target */                                        \
    X(ACT_BLOCK_IP, "Block {0}", "{0} の通信を遮断する")                                           \
    X(ACT_ISOLATE_HOST, "Isolate {0}", "{0} をネットワークから隔離する")                           \
    X(ACT_DISABLE_USER, "Disable the account {0}", "アカウント {0} を無効化する")                  \
    X(ACT_REVOKE_SESSIONS, "End all sessions of {0}", "{0} のセッションをすべて終了する")          \
    X(ACT_BLOCK_DOMAIN, "Block the domain {0}", "ドメイン {0} への接続を遮断する")                 \
    X(ACT_BLOCK_URL, "Block the URL {0}", "URL {0} への接続を遮断する")                            \
    X(ACT_BLOCK_HASH, "Block the file {0}", "ファイル {0} の実行を阻止する")                       \
    X(ACT_QUARANTINE_FILE, "Quarantine the file {0}", "ファイル {0} を検疫する")                   \
    X(ACT_REMOVE_MAIL, "Remove the mail {0}", "メール {0} を削除する")                             \
    X(ACT_CONTAIN, "Contain {0} ({1})", "{0} を封じ込める（{1}）")                                 \
    X(ACT_ERADICATE, "Remove from {0} ({1})", "{0} から脅威を取り除く（{1}）")                     \
    X(ACT_RESTORE, "Restore {0} ({1})", "{0} を復旧する（{1}）")                                   \
    X(ACT_OTHER, "{1} on {0}", "{0} に対して {1} を行う")                                          \
    X(ACT_NO_TARGET, "{0}", "{0} を行う")                                                          \
                                                                                                   \
    /* the same, once it is done */                                                                \
    X(HELD_BLOCK_IP, "Block on {0}", "{0} の通信遮断")                                             \
    X(HELD_ISOLATE_HOST, "Isolation of {0}", "{0} のネットワーク隔離")                             \
    X(HELD_DISABLE_USER, "Account {0}, disabled", "アカウント {0} の無効化")                       \
    X(HELD_REVOKE_SESSIONS, "Sessions of {0}, ended", "{0} のセッション終了")                      \
    X(HELD_BLOCK_DOMAIN, "Block on the domain {0}", "ドメイン {0} への接続遮断")                   \
    X(HELD_BLOCK_URL, "Block on the URL {0}", "URL {0} への接続遮断")                              \
    X(HELD_BLOCK_HASH, "Block on the file {0}", "ファイル {0} の実行阻止")                         \
    X(HELD_QUARANTINE_FILE, "Quarantine of the file {0}", "ファイル {0} の検疫")                   \
    X(HELD_REMOVE_MAIL, "Removal of the mail {0}", "メール {0} の削除")                            \
    X(HELD_OTHER, "{0} ({1})", "{0}（{1}）")                                                       \
                                                                                                   \
    X(DECIDE_TITLE, "Decision", "承認依頼")                                                        \
    X(DECIDE_LIST, "Decisions", "承認依頼")                                                        \
    X(DECIDE_NONE, "No decisions.", "承認依頼はありません。")                                      \
    X(DECIDE_PLUGIN_SAYS, "In the words of the plugin {0}:", "プラグイン {0} による説明：")        \
    X(DECIDE_JUMP, "Go to the decision", "判断の入力へ移動")                                       \
    X(DECIDE_WHY, "Why", "理由")                                                                   \
    X(DECIDE_BLAST, "What it touches", "影響範囲")                                                 \
    X(DECIDE_UNDO, "How it is undone", "元に戻す方法")                                             \
    X(DECIDE_SILENCE, "Without an answer", "回答がない場合")                                       \
    X(DECIDE_DECIDE, "Decide", "判断")                                                             \
    X(DECIDE_SAID, "What was said so far", "これまでの経過")                                       \
    X(DECIDE_EXACTLY, "Exactly what an approval covers", "承認の対象となる内容（全項目）")         \
    X(DECIDE_DIGEST, "Digest", "ダイジェスト")                                                     \
                                                                                                   \
    X(DECIDE_ALERT, "Alert", "アラート")                                                           \
    X(DECIDE_EVIDENCE, "Evidence", "根拠")                                                         \
    X(DECIDE_NO_EVIDENCE, "The playbook gives no further reasons.", "プレイブックからの追加の根拠はありません。") \
    X(DECIDE_RUN, "What was done so far", "ここまでの経過")                                        \
    X(DECIDE_RUN_LINK, "Run of {0}, step by step", "{0} の実行をステップごとに見る")               \
    X(DECIDE_CASE, "Case", "ケース")                                                               \
    X(DECIDE_CASE_LINK, "The case as a whole", "ケース全体を見る")                                 \
    X(DECIDE_TARGET, "Target", "対象")                                                             \
    X(DECIDE_ADDRESSES, "{0} address|{0} addresses", "{0}個のアドレス")                            \
    X(DECIDE_LISTS, "On your lists", "登録リスト")                                                 \
    X(DECIDE_LIST_PART, "{0} (a part of the target)", "{0}（対象の一部）")                         \
    X(DECIDE_NO_LISTS, "on none", "どのリストにもありません")                                      \
    X(DECIDE_PROTECTED, "Protected list", "保護対象")                                              \
    X(DECIDE_NOT_PROTECTED, "does not name it", "該当なし")                                        \
    X(DECIDE_PROTECTED_ASK, "only with an approval: {0}", "承認がある場合のみ実施可：{0}")         \
    X(DECIDE_PROTECTED_NEVER, "never: {0}. This can't be approved now.", "実施不可：{0}。現在は承認できません。") \
    X(DECIDE_AFFECTED, "Who is affected", "影響を受ける相手")                                      \
    X(DECIDE_AFFECTED_NONE, "the alert names no device and no user of yours", "アラートに自組織の端末・ユーザーの記載はありません") \
    X(DECIDE_RULE, "Rule that asks", "承認を求める規則")                                           \
    X(DECIDE_WHO, "Who decides", "判断する人")                                                     \
    X(DECIDE_WHO_ROLE, "{0}: {1}", "{0}、{1}")                                                     \
    X(DECIDE_EFFECT_PLUGIN, "Done by", "実施する仕組み")                                           \
    X(DECIDE_ENDS, "It ends by itself after {0}.", "{0}で自動的に解除されます。")                  \
    X(DECIDE_EARLIER, "It can be released earlier at any time, or renewed.", "途中での解除や延長もできます。") \
    X(DECIDE_NO_UNDO, "Nothing takes it back.", "元に戻す手段はありません。")                      \
    X(DECIDE_UNDO_BY, "Undone by", "解除の操作")                                                   \
    X(DECIDE_STAYS, "What stays", "残る影響")                                                      \
    X(DECIDE_STAYS_NONE, "nothing that the plugin knows of", "プラグインの把握する範囲ではありません") \
    X(DECIDE_NOTHING_DONE, "Nothing is done, and the playbook goes on knowing that.",              \
        "実施されません。プレイブックは実施なしのまま先へ進みます。")                              \
    X(DECIDE_OTHERWISE, "The playbook goes on with the answer “{0}”.", "「{0}」と回答されたものとして先へ進みます。") \
    X(DECIDE_FAILS, "The playbook goes on without an answer.", "回答なしのまま先へ進みます。")     \
    X(DECIDE_UNTIL, "until {0}", "期限 {0}")                                                       \
                                                                                                   \
    X(APPROVE, "Approve", "承認する")                                                              \
    X(REJECT, "Reject", "却下する")                                                                \
    X(ANSWER, "Answer", "回答する")                                                                \
    X(DECLINE, "Don't answer", "回答しない")                                                       \
    X(DECIDE_REASON, "Reason or comment", "理由・コメント")                                        \
    X(DECIDE_REASON_HINT, "Required to reject. It is kept in the ledger.", "却下する場合は必須です。台帳に記録されます。") \
    X(DECIDE_CHOICE, "Answer", "回答")                                                             \
    X(DECIDE_QUORUM, "{0} of {1} people have approved.", "必要な{1}名のうち{0}名が承認しています。") \
    X(DECIDE_CODE, "You will be asked for a code from your device.", "認証アプリのコード入力が必要です。") \
    X(NARROW, "Narrow it", "対象を絞る")                                                           \
    X(NARROW_HINT, "Less than is asked, never more. It becomes a new request, and approvals so far no longer count.", \
        "依頼より狭い範囲にのみ変更できます。新しい依頼となり、これまでの承認は無効になります。")  \
    X(NARROW_LEASE, "Ends after", "解除までの時間")                                                \
    X(NARROW_LEASE_HINT, "Such as 30m, 2h or 1d; asked for: {0}", "例：30m（分）、2h（時間）、1d（日）。依頼は{0}") \
    X(NARROW_LINES_HINT, "One item a line; leave out what is not meant.", "1行に1件。対象外のものは行を削除してください。") \
    X(NARROW_NUMBER_HINT, "At most {0}", "{0}以下")                                                \
    X(NARROW_RANGE_HINT, "An address or range within {0}", "{0} に含まれるアドレスまたは範囲")     \
    X(NARROW_SEND, "Ask for this instead", "この内容で依頼し直す")                                 \
    X(DELEGATE, "Pass it on", "委任する")                                                          \
    X(DELEGATE_HINT, "They are told. Others who may decide still may.", "相手に通知します。ほかの承認者も引き続き判断できます。") \
    X(DELEGATE_TO, "To", "委任先")                                                                 \
    X(DELEGATE_NOBODY, "Nobody else may decide this.", "ほかに判断できる人がいません。")           \
    X(ASK_BACK, "Ask back", "質問する")                                                            \
    X(ASK_BACK_HINT, "Shown here to all who may see this. It decides nothing.", "この依頼を閲覧できる全員に表示されます。判断には影響しません。") \
    X(ASK_BACK_TEXT, "Question or answer", "質問または回答")                                       \
    X(ASK_BACK_SEND, "Write it down", "書き込む")                                                  \
                                                                                                   \
    X(BAR_ROLE, "Your role may not decide this; it needs: {0}.", "あなたの権限では判断できません。必要な権限：{0}") \
    X(BAR_ASKED, "You asked for this, so somebody else decides.", "依頼の発端となった方は判断できません。ほかの方が判断します。") \
    X(BAR_VOTED, "You have approved this. Another person is needed.", "あなたは承認済みです。もう一人の承認が必要です。") \
    X(BAR_APPROVED, "This was approved.", "承認されました。")                                      \
    X(BAR_ANSWERED, "This was answered.", "回答済みです。")                                        \
    X(BAR_REJECTED, "This was rejected.", "却下されました。")                                      \
    X(BAR_EXPIRED, "Nobody answered in time.", "期限内に回答がありませんでした。")                 \
    X(BAR_VOID, "This is void: {0}.", "この依頼は無効です：{0}")                                   \
    X(BAR_VOID_LINK, "See what is asked now", "現在の依頼を確認する")                              \
                                                                                                   \
    X(STALE, "Since you looked, what is asked has changed. Nothing was decided.",                  \
        "ご覧になった後に依頼の内容が変わりました。まだ何も決定していません。")                    \
    X(STALE_FROM, "You saw", "ご覧になった内容")                                                   \
    X(STALE_TO, "Asked now", "現在の内容")                                                         \
                                                                                                   \
    X(SAID_APPROVED, "{0} approved", "{0}が承認")                                                  \
    X(SAID_ANSWERED, "{0} answered “{1}”", "{0}が「{1}」と回答")                                   \
    X(SAID_REJECTED, "{0} rejected", "{0}が却下")                                                  \
    X(SAID_FALLEN, "no longer counts: it was narrowed after that", "その後に対象が絞られたため、現在は無効") \
    X(SAID_ASKED, "Asked", "依頼")                                                                 \
    X(SAID_NARROWED, "{0} narrowed it: {1}", "{0}が対象を変更：{1}")                               \
    X(SAID_DELEGATED, "{0} passed it on to {1}", "{0}が{1}に委任")                                 \
    X(SAID_NOTED, "{0} wrote", "{0}の書き込み")                                                    \
                                                                                                   \
    X(DONE_APPROVED, "Approved. It is being carried out.", "承認しました。実施に移ります。")       \
    X(DONE_VOTED, "Your approval counts. Another person is needed.", "承認を記録しました。あと他の方の承認が必要です。") \
    X(DONE_REJECTED, "Rejected. Nothing is done.", "却下しました。実施されません。")               \
    X(DONE_NARROWED, "Narrowed. Look at it again, then decide.", "対象を絞りました。内容を確認のうえ、あらためて判断してください。") \
    X(DONE_DELEGATED, "Passed on.", "委任しました。")                                              \
    X(DONE_NOTED, "Written down.", "書き込みました。")                                             \
    X(DONE_ALREADY, "This was already decided. What stands is below.", "すでに決定済みです。現在の状態は以下のとおりです。") \
    X(DONE_RELEASED, "Released.", "解除しました。")                                                \
    X(DONE_RELEASING, "The release has begun.", "解除を開始しました。")                            \
    X(DONE_RENEWED, "Renewed.", "延長しました。")                                                  \
    X(DONE_CHECKED, "Looked.", "確認しました。")                                                   \
    X(DONE_CANCELLED, "Cancelled.", "中止しました。")                                              \
    X(DONE_RESOLVED, "Recorded.", "記録しました。")                                                \
    X(DONE_SAVED, "Saved.", "保存しました。")
/* clang-format on */

#endif
