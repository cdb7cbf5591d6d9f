/* Fills a stopped node's replica for the bench, through the same append as everything else.
 *
 *     fill answers HOME SURVEY COUNT SIZE     survey answers of about SIZE bytes, 1,000 an envelope
 *     fill edits HOME MEMBER COUNT SIZE       one field of SIZE bytes in a new record each, one an
 * envelope, in the handover channel with MEMBER fill feeds HOME MEMBER COUNT SIZE       COUNT
 * edits, each in a feed of its own: as after COUNT restores fill stamps HOME FEED-AUTHOR one line
 * an entry of that author's feeds: channel kind, seq, commit stamp
 *
 * Prints one JSON object (stamps: one line an entry). */
#include "proto/hash.h"
#include "proto/limits.h"
#include "proto/owner.h"
#include "store/append.h"
#include "store/feed.h"

#include "store/home.h"
#include "store/record.h"
#include "store/roster.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, TRANSACTION = 1000 };

static void must(enum err e, const char *what) {
    if (e != OK) {
        fprintf(stderr, "fill: %s: %s\n", what, err_text(e));
        exit(1);
    }
}

static void random_text(char *out, size_t size) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz      ";
    randombytes_buf(out, size);
    for (size_t i = 0; i < size; i++)
        out[i] = letters[(uint8_t)out[i] % (sizeof letters - 1)];
    out[size] = '\0';
}

struct total {
    uint64_t plain_bytes; /* of the change sets as protobuf, before padding and sealing */
};

static void append(struct store *store, const struct channel *channel,
                   const struct change_set *sets, size_t sets_n, struct total *total) {
    struct version_name written;
    struct change change = {.channel = *channel, .sets = sets, .sets_n = sets_n};
    must(append_change(store, &change, &written), store_failure(store));
    for (size_t i = 0; i < sets_n; i++) {
        struct buffer plain = {0};
        must(change_set_encode(&sets[i], &plain), "encoding");
        total->plain_bytes += plain.size;
        buffer_done(&plain);
    }
}

static void fill_answers(struct store *store, const char *survey, size_t count, size_t size,
                         struct total *total) {
    struct record_id id;
    must(record_find(store, COLLECTION_SURVEY, survey, &id), "finding the survey");
    struct channel channel;
    must(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel), "the channel");
    char *text = malloc(size + 1);
    for (size_t done = 0; done < count; done += BATCH) {
        struct buffer encoded[BATCH] = {{0}};
        struct bytes answers[BATCH];
        for (size_t i = 0; i < BATCH; i++) {
            struct answer_reply replies[13];
            for (uint32_t q = 0; q < 12; q++)
                replies[q] = (struct answer_reply){.question = q + 1,
                                                   .choice = 1 + randombytes_random() % 5};
            random_text(text, size - 12 * 6 - 8);
            replies[12] = (struct answer_reply){.question = 13, .text = text};
            must(answer_encode(replies, 13, &encoded[i]), "encoding an answer");
            answers[i] = buffer_view(&encoded[i]);
        }
        /* Two sections, as an import of this size packs them: one section's plaintext is at most
         * 256 KiB. */
        struct change_set sets[2] = {{.actor_name = "", .actor_function = ""},
                                     {.actor_name = "", .actor_function = ""}};
        for (size_t s = 0; s < 2; s++) {
            sets[s].has_answers = true;
            sets[s].answers = (struct answer_batch){.survey = id,
                                                    .part = (uint32_t)s,
                                                    .parts = 2,
                                                    .answers = answers + (s == 0 ? 0 : 850),
                                                    .answers_n = s == 0 ? 850 : 150};
        }
        randombytes_buf(&sets[0].answers.mark, sizeof sets[0].answers.mark);
        sets[1].answers.mark = sets[0].answers.mark;
        append(store, &channel, sets, 2, total);
        for (size_t i = 0; i < BATCH; i++)
            buffer_done(&encoded[i]);
    }
    free(text);
}

struct wanted {
    const char *name;
    struct member_id member;
};

static enum err compare(void *context, const struct roster_entry *entry) {
    struct wanted *wanted = context;
    if (strcmp(entry->name, wanted->name) == 0)
        wanted->member = entry->member;
    return OK;
}

static struct member_id member_named(struct store *store, const char *name) {
    struct wanted wanted = {.name = name};
    must(roster_each(store, compare, &wanted), "reading the roster");
    must(member_id_is_zero(&wanted.member) ? ERR_NOT_FOUND : OK, "finding the member");
    return wanted.member;
}

static void fill_edits(struct store *store, const char *member, size_t count, size_t size,
                       struct total *total) {
    struct member_id to = member_named(store, member);
    struct self self;
    must(store_self(store, &self), "reading the store");
    struct channel channel;
    must(channel_make(CHANNEL_HANDOVER, &self.member, &to, &channel), "the channel");
    char *text = malloc(size + 1);
    for (size_t i = 0; i < count; i++) {
        if (i % TRANSACTION == 0)
            must(store_begin(store), "begin");
        random_text(text, size);
        struct write write = {.record = record_id_new(store_now(store), &self.member),
                              .collection = COLLECTION_HANDOVER,
                              .field = 30,
                              .value = bytes_of_text(text)};
        struct change_set set = {
            .actor_name = "Bench", .actor_function = "", .writes = &write, .writes_n = 1};
        append(store, &channel, &set, 1, total);
        if (i % TRANSACTION == TRANSACTION - 1 || i + 1 == count)
            must(store_commit(store), "commit");
    }
    free(text);
}

static enum err print_entry(void *context, const struct feed_info *feed,
                            const struct entry_info *entry) {
    (void)context;
    printf("%d %llu %lld\n", (int)feed->channel.kind, (unsigned long long)entry->seq,
           (long long)entry->stored);
    return OK;
}

struct author {
    struct store *store;
    struct member_id id;
};

static enum err print_feed(void *context, const struct feed_info *feed) {
    const struct author *author = context;
    if (!member_id_equal(&feed->author, &author->id))
        return OK;
    return feed_entries(author->store, &feed->id, 1, print_entry, NULL);
}

static void stamps(struct store *store, const char *member) {
    struct author author = {.store = store, .id = member_named(store, member)};
    must(feed_each(store, print_feed, &author), "reading the feeds");
}

/* Opens the replica of `home`; `place` zero: where it really is. */
static struct store *open_store(const struct home *home, const struct hash *place) {
    char path[HOME_PATH_MAX];
    must(home_file(home, "replica.db", path), "the path");
    struct store_config config = {.path = path, .keys = home->keys, .place = *place};
    struct store *store;
    must(store_open(&config, &store), "opening the replica");
    return store;
}

static void fill(struct store *store, char **words, size_t count, size_t size,
                 struct total *total) {
    if (strcmp(words[1], "answers") == 0)
        fill_answers(store, words[3], count, size, total);
    else
        fill_edits(store, words[3], count, size, total);
}

int main(int argc, char **argv) {
    bool stamps_only = argc == 4 && strcmp(argv[1], "stamps") == 0;
    if (!stamps_only && argc != 6) {
        fprintf(stderr, "usage: fill answers|edits|feeds HOME SURVEY|MEMBER COUNT SIZE, or fill "
                        "stamps HOME MEMBER\n");
        return 2;
    }
    must(key_library_init(), "libsodium");
    struct home home;
    must(home_open(argv[2], false, &home), argv[2]);
    struct hash here = {{0}};
    size_t count = stamps_only ? 0 : strtoul(argv[4], NULL, 10);
    struct total total = {0};
    bool apart = strcmp(argv[1], "feeds") == 0;
    for (size_t i = 0; apart && i < count; i++) {
        struct hash place = hash_of(HASH_STORE, &i, sizeof i);
        struct store *store = open_store(&home, &place);
        fill(store, argv, 1, strtoul(argv[5], NULL, 10), &total);
        store_close(store);
    }
    struct store *store = open_store(&home, &here);
    if (stamps_only)
        stamps(store, argv[3]);
    else if (!apart)
        fill(store, argv, count, strtoul(argv[5], NULL, 10), &total);
    store_close(store);
    home_close(&home);
    if (!stamps_only)
        printf("{\"records\": %zu, \"plain_bytes\": %llu}\n", count,
               (unsigned long long)total.plain_bytes);
    return 0;
}
