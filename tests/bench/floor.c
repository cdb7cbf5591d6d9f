/* The floor that Stafet's bootstrap is measured against: the least that any program must do with
 * the same records on the same libraries. A sender process seals batches of records with one AEAD
 * and one signature each and sends them over ZeroMQ with CURVE; a receiver verifies, opens, and
 * inserts each record as one row of one SQLite table, with the durability and the file settings
 * that Stafet uses (WAL, synchronous=FULL, one transaction a batch). No stage waits for another
 * that could go on: sealing, both ends of the transfer, opening and inserting have a thread each
 * and a few batches between them.
 *
 *     floor pipeline RECORDS BATCH SIZE FOLDER    records a second, end to end
 *     floor STAGE RECORDS BATCH SIZE FOLDER       one stage alone: seal, transfer, open, insert
 *
 * Prints one JSON object. */
#include <pthread.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

struct work {
    size_t records, batch, size;
    const char *folder;
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    uint8_t sign_public[crypto_sign_PUBLICKEYBYTES], sign_secret[crypto_sign_SECRETKEYBYTES];
    char server_public[41], server_secret[41], client_public[41], client_secret[41];
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "floor: %s failed\n", what);
        exit(1);
    }
}

static size_t plain_size(const struct work *w) {
    return w->batch * w->size;
}

static size_t sealed_size(const struct work *w) {
    return crypto_sign_BYTES + NONCE + plain_size(w) + TAG;
}

static size_t batches(const struct work *w) {
    return (w->records + w->batch - 1) / w->batch;
}

/* Signature ‖ nonce ‖ ciphertext; the signature is over a digest, as it would be for a large body.
 */
static void seal(const struct work *w, const uint8_t *plain, uint8_t *out) {
    uint8_t *nonce = out + crypto_sign_BYTES, digest[32];
    randombytes_buf(nonce, NONCE);
    unsigned long long n = 0;
    must(crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE, &n, plain, plain_size(w), NULL,
                                                    0, NULL, nonce, w->key) == 0,
         "sealing");
    must(crypto_generichash(digest, sizeof digest, nonce, NONCE + plain_size(w) + TAG, NULL, 0) ==
             0,
         "hashing");
    must(crypto_sign_detached(out, NULL, digest, sizeof digest, w->sign_secret) == 0, "signing");
}

static void open_sealed(const struct work *w, const uint8_t *sealed, uint8_t *plain) {
    const uint8_t *nonce = sealed + crypto_sign_BYTES;
    uint8_t digest[32];
    must(crypto_generichash(digest, sizeof digest, nonce, NONCE + plain_size(w) + TAG, NULL, 0) ==
             0,
         "hashing");
    must(crypto_sign_verify_detached(sealed, digest, sizeof digest, w->sign_public) == 0,
         "verifying");
    unsigned long long n = 0;
    must(crypto_aead_xchacha20poly1305_ietf_decrypt(
             plain, &n, NULL, nonce + NONCE, plain_size(w) + TAG, NULL, 0, nonce, w->key) == 0,
         "opening");
}

struct table {
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit;
    sqlite3_int64 row;
};

static void table_open(const struct work *w, struct table *t) {
    char path[4096];
    snprintf(path, sizeof path, "%s/floor.db", w->folder);
    unlink(path);
    must(sqlite3_open(path, &t->db) == SQLITE_OK, "opening the database");
    must(sqlite3_exec(
             t->db,
             "PRAGMA page_size=8192; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
             "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-8192;"
             "PRAGMA secure_delete=ON; CREATE TABLE record (id INTEGER PRIMARY KEY, value BLOB) "
             "STRICT",
             NULL, NULL, NULL) == SQLITE_OK,
         "creating the table");
    must(sqlite3_prepare_v2(t->db, "BEGIN IMMEDIATE", -1, &t->begin, NULL) == SQLITE_OK,
         "preparing");
    must(sqlite3_prepare_v2(t->db, "INSERT INTO record VALUES (?1, ?2)", -1, &t->insert, NULL) ==
             SQLITE_OK,
         "preparing");
    must(sqlite3_prepare_v2(t->db, "COMMIT", -1, &t->commit, NULL) == SQLITE_OK, "preparing");
    t->row = 0;
}

static void table_step(sqlite3_stmt *s) {
    must(sqlite3_step(s) == SQLITE_DONE, "the database");
    sqlite3_reset(s);
}

static void table_insert(const struct work *w, struct table *t, const uint8_t *plain) {
    table_step(t->begin);
    for (size_t i = 0; i < w->batch; i++) {
        sqlite3_bind_int64(t->insert, 1, ++t->row);
        sqlite3_bind_blob64(t->insert, 2, plain + i * w->size, w->size, SQLITE_STATIC);
        table_step(t->insert);
    }
    table_step(t->commit);
}

static void table_close(struct table *t) {
    sqlite3_finalize(t->begin);
    sqlite3_finalize(t->insert);
    sqlite3_finalize(t->commit);
    sqlite3_close(t->db);
}

/* Opened batches on their way into the table, inserted by a thread of their own. */
enum { READY_MAX = 4 };
struct inserter {
    const struct work *work;
    struct table table;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint8_t *plain[READY_MAX];
    size_t opened, inserted; /* batches so far */
};

static void *insert_all(void *context) {
    struct inserter *in = context;
    for (size_t i = 0; i < batches(in->work); i++) {
        pthread_mutex_lock(&in->lock);
        while (in->opened == i)
            pthread_cond_wait(&in->changed, &in->lock);
        pthread_mutex_unlock(&in->lock);
        table_insert(in->work, &in->table, in->plain[i % READY_MAX]);
        pthread_mutex_lock(&in->lock);
        in->inserted++;
        pthread_cond_signal(&in->changed);
        pthread_mutex_unlock(&in->lock);
    }
    return NULL;
}

static void inserter_start(struct inserter *in, const struct work *w) {
    *in = (struct inserter){
        .work = w, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    for (size_t i = 0; i < READY_MAX; i++)
        must((in->plain[i] = malloc(plain_size(w))) != NULL, "memory");
    table_open(w, &in->table);
    must(pthread_create(&in->thread, NULL, insert_all, in) == 0, "starting a thread");
}

/* Opens a batch into a place that has been inserted, and hands it on. */
static void inserter_put(struct inserter *in, const uint8_t *sealed) {
    pthread_mutex_lock(&in->lock);
    while (in->opened - in->inserted == READY_MAX)
        pthread_cond_wait(&in->changed, &in->lock);
    pthread_mutex_unlock(&in->lock);
    open_sealed(in->work, sealed, in->plain[in->opened % READY_MAX]);
    pthread_mutex_lock(&in->lock);
    in->opened++;
    pthread_cond_signal(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

static void inserter_finish(struct inserter *in) {
    must(pthread_join(in->thread, NULL) == 0, "waiting for a thread");
    for (size_t i = 0; i < READY_MAX; i++)
        free(in->plain[i]);
}

/* Connects and sends all batches; sealed afresh in the pipeline, one sealed batch over and over in
 * the stage. */
static void send_all(const struct work *w, const char *endpoint, bool seal_each) {
    uint8_t *plain = malloc(plain_size(w)), *sealed = malloc(sealed_size(w));
    must(plain != NULL && sealed != NULL, "memory");
    randombytes_buf(plain, plain_size(w));
    seal(w, plain, sealed);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    int linger_ms = 30000, high_water = 4;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water, sizeof high_water);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, w->server_public, 40);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, w->client_public, 40);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, w->client_secret, 40);
    must(zmq_connect(socket, endpoint) == 0, "connecting");
    for (size_t i = 0; i < batches(w); i++) {
        if (seal_each)
            seal(w, plain, sealed);
        must(zmq_send(socket, sealed, sealed_size(w), 0) >= 0, "sending");
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    free(plain);
    free(sealed);
}

/* Receives from a forked sender; the clock runs from the first batch's arrival. */
static double receive_all(const struct work *w, bool whole) {
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    int yes = 1, high_water = 4;
    zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, w->server_secret, 40);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &high_water, sizeof high_water);
    must(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "binding");
    char endpoint[128];
    size_t endpoint_size = sizeof endpoint;
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &endpoint_size);
    pid_t sender = fork();
    must(sender >= 0, "fork");
    if (sender == 0) {
        send_all(w, endpoint, whole);
        _exit(0);
    }
    struct inserter inserter;
    if (whole)
        inserter_start(&inserter, w);
    double start = 0;
    for (size_t i = 0; i < batches(w); i++) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        must(zmq_msg_recv(&part, socket, 0) >= 0 && zmq_msg_recv(&part, socket, 0) >= 0,
             "receiving");
        if (i == 0)
            start = now_s();
        must(zmq_msg_size(&part) == sealed_size(w), "the batch's size");
        if (whole)
            inserter_put(&inserter, zmq_msg_data(&part));
        zmq_msg_close(&part);
    }
    if (whole)
        inserter_finish(&inserter);
    double took = now_s() - start;
    if (whole)
        table_close(&inserter.table);
    waitpid(sender, NULL, 0);
    zmq_close(socket);
    zmq_ctx_term(context);
    return took;
}

static double seal_alone(const struct work *w) {
    uint8_t *plain = malloc(plain_size(w)), *sealed = malloc(sealed_size(w));
    must(plain != NULL && sealed != NULL, "memory");
    randombytes_buf(plain, plain_size(w));
    double start = now_s();
    for (size_t i = 0; i < batches(w); i++)
        seal(w, plain, sealed);
    double took = now_s() - start;
    free(plain);
    free(sealed);
    return took;
}

static double open_alone(const struct work *w) {
    uint8_t *plain = malloc(plain_size(w)), *sealed = malloc(sealed_size(w));
    must(plain != NULL && sealed != NULL, "memory");
    randombytes_buf(plain, plain_size(w));
    seal(w, plain, sealed);
    double start = now_s();
    for (size_t i = 0; i < batches(w); i++)
        open_sealed(w, sealed, plain);
    double took = now_s() - start;
    free(plain);
    free(sealed);
    return took;
}

static double insert_alone(const struct work *w) {
    uint8_t *plain = malloc(plain_size(w));
    must(plain != NULL, "memory");
    randombytes_buf(plain, plain_size(w));
    struct table table;
    table_open(w, &table);
    double start = now_s();
    for (size_t i = 0; i < batches(w); i++)
        table_insert(w, &table, plain);
    double took = now_s() - start;
    table_close(&table);
    free(plain);
    return took;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr,
                "usage: floor pipeline|seal|transfer|open|insert RECORDS BATCH SIZE FOLDER\n");
        return 2;
    }
    must(sodium_init() >= 0, "libsodium");
    struct work w = {.records = strtoul(argv[2], NULL, 10),
                     .batch = strtoul(argv[3], NULL, 10),
                     .size = strtoul(argv[4], NULL, 10),
                     .folder = argv[5]};
    must(w.records > 0 && w.batch > 0 && w.size > 0, "reading the numbers");
    randombytes_buf(w.key, sizeof w.key);
    crypto_sign_keypair(w.sign_public, w.sign_secret);
    must(zmq_curve_keypair(w.server_public, w.server_secret) == 0, "CURVE");
    must(zmq_curve_keypair(w.client_public, w.client_secret) == 0, "CURVE");

    const char *what = argv[1];
    double took = 0;
    if (strcmp(what, "pipeline") == 0)
        took = receive_all(&w, true);
    else if (strcmp(what, "transfer") == 0)
        took = receive_all(&w, false);
    else if (strcmp(what, "seal") == 0)
        took = seal_alone(&w);
    else if (strcmp(what, "open") == 0)
        took = open_alone(&w);
    else if (strcmp(what, "insert") == 0)
        took = insert_alone(&w);
    else
        must(false, "reading the stage's name");
    printf("{\"what\": \"%s\", \"records\": %zu, \"batch\": %zu, \"seconds\": %.4f, \"records_s\": "
           "%.0f}\n",
           what, batches(&w) * w.batch, w.batch, took, (double)(batches(&w) * w.batch) / took);
    return 0;
}
