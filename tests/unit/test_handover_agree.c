/* The parents' agreement: to what, on which day, and what voids it. */
#include "stage.h"

#include "store/append.h"
#include "store/record.h"

#include <stdlib.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

SCENE(sending_is_refused_without_the_parents_agreement) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(strstr(reply->mend, "stafet handover agree"));
    desk_refused(&stage->mette, ERR_STATE, "handover", "send",
                 json_pack("{s:s, s:b}", "id", id, "preview", 1));
    assert_int_equal(handover_feeds_at(stage->birk), 0);
}

SCENE(an_edit_after_the_agreement_voids_it_and_taking_it_back_restores_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    agree(&stage->mette, id);
    edit(&stage->mette, id, "likes", "Tog");
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(strstr(reply->text, "changed since the parents agreed"));
    assert_int_equal(handover_feeds_at(stage->birk), 0);
    edit(&stage->mette, id, "likes", "Tog og sæbebobler");
    desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_int_equal(records_at(stage->birk), 1);
}

SCENE(an_agreement_has_a_real_day_that_is_not_in_the_future) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "mother", "on", "2024-06-05"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "mother", "on", "2024-02-30"));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:s, s:s}", "id", id, "by", "", "on", "2024-06-03"));
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
}

/* As another computer with this site's keys would have it written. */
static void write_consent(struct stage *stage, const char *id, const char *consent) {
    struct write write = {.collection = COLLECTION_HANDOVER,
                          .field = HANDOVER_CONSENT,
                          .value = bytes_of_text(consent)};
    struct change_set set = {
        .actor_name = "Jonas P.", .actor_function = "", .writes = &write, .writes_n = 1};
    struct change change = {
        .channel = channel_between(stage->birk, stage->skole), .sets = &set, .sets_n = 1};
    struct version_name written;
    MUST(record_find(stage->birk->store, COLLECTION_HANDOVER, id, &write.record));
    MUST(append_change(stage->birk->store, &change, &written));
}

static json_t *agreed_on(const char *id, const char *day, bool earlier) {
    return json_pack("{s:s, s:s, s:s, s:b}", "id", id, "by", "mother", "on", day, "earlier",
                     earlier);
}

SCENE(nobody_agrees_before_the_form_was_last_changed_unless_it_is_said_so) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct reply *reply = desk_refused(&stage->mette, ERR_STATE, "handover", "agree",
                                             agreed_on(id, "2024-06-02", false));
    assert_non_null(strstr(reply->mend, "--earlier"));
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    desk_call(&stage->mette, "handover", "agree", agreed_on(id, "2024-06-02", true));
    desk_call(&stage->mette, "handover", "agree", agreed_on(id, "2024-06-03", false));
    stage->federation.now += DAY_MS;
    desk_call(&stage->mette, "handover", "agree", agreed_on(id, "2024-06-03", false));
    edit(&stage->mette, id, "likes", "Tog"); /* on the 4th */
    desk_refused(&stage->mette, ERR_STATE, "handover", "agree", agreed_on(id, "2024-06-03", false));
    stage->federation.now += DAY_MS;
    edit(&stage->mette, id, "likes", "Tog"); /* says nothing new */
    desk_call(&stage->mette, "handover", "agree", agreed_on(id, "2024-06-04", false));
}

SCENE(what_the_school_wrote_must_have_been_there_too) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog"); /* on the 3rd */
    stage->federation.now += DAY_MS;
    edit(&stage->ole, id, "visits", "Torsdag");
    deliver(stage, &stage->ole, id);
    desk_refused(&stage->mette, ERR_STATE, "handover", "agree", agreed_on(id, "2024-06-03", false));
    desk_call(&stage->mette, "handover", "agree", agreed_on(id, "2024-06-04", false));
}

SCENE(a_yes_is_taken_back_as_easily_as_it_was_given) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    agree(&stage->mette, id);
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree", json_pack("{s:s}", "id", id));
    desk_refused(&stage->mette, ERR_ARGUMENT, "handover", "agree",
                 json_pack("{s:s, s:b, s:s}", "id", id, "withdrawn", 1, "by", "both"));
    const json_t *document = desk_call(&stage->mette, "handover", "agree",
                                       json_pack("{s:s, s:b}", "id", id, "withdrawn", 1));
    assert_true(json_is_null(at(document, "agreement")));
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    desk_refused(&stage->mette, ERR_STATE, "handover", "agree",
                 json_pack("{s:s, s:b}", "id", id, "withdrawn", 1));
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
}

SCENE(a_withdrawal_after_the_agreement_voids_it) {
    STAGE(stage);
    char id[ID_TEXT_MAX], revision[HEX_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    snprintf(revision, sizeof revision, "%s", at_text(show(&stage->mette, id), "revision"));
    assert_false(at_flag(show(&stage->mette, id), "agreement.void"));
    write_consent(stage, id, "withdrawn");
    const json_t *document = show(&stage->mette, id);
    assert_string_equal(at_text(document, "revision"), revision);
    assert_true(at_flag(document, "agreement.void"));
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(strstr(reply->text, "consent has changed"));
    assert_false(at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "agreed"),
                         "done"));
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
    assert_true(at_flag(step(desk_call(&stage->mette, "handover", "track", only_id(id)), "agreed"),
                        "done"));
}

SCENE(a_receipt_that_arrives_after_the_agreement_leaves_it_standing) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    show(&stage->ole, id);
    desk_call(&stage->ole, "handover", "accept", only_id(id));
    sync_all(&stage->federation);
    desk_call(&stage->mette, "handover", "send", only_id(id));
}

SCENE(what_arrives_between_agreement_and_send_must_be_agreed_to_as_well) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    send_alma(stage, id);
    edit(&stage->ole, id, "visits", "Onsdag kl. 10");
    desk_call(&stage->ole, "handover", "send", only_id(id));
    edit(&stage->mette, id, "likes", "Tog");
    agree(&stage->mette, id);
    sync_all(&stage->federation);
    desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    agree(&stage->mette, id);
    desk_call(&stage->mette, "handover", "send", only_id(id));
}

int main(void) {
    setenv("TZ", "UTC0", 1); /* the days in it are local */
    const struct CMUnitTest tests[] = {
        PLAY(sending_is_refused_without_the_parents_agreement),
        PLAY(an_edit_after_the_agreement_voids_it_and_taking_it_back_restores_it),
        PLAY(an_agreement_has_a_real_day_that_is_not_in_the_future),
        PLAY(nobody_agrees_before_the_form_was_last_changed_unless_it_is_said_so),
        PLAY(what_the_school_wrote_must_have_been_there_too),
        PLAY(a_yes_is_taken_back_as_easily_as_it_was_given),
        PLAY(a_withdrawal_after_the_agreement_voids_it),
        PLAY(a_receipt_that_arrives_after_the_agreement_leaves_it_standing),
        PLAY(what_arrives_between_agreement_and_send_must_be_agreed_to_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
