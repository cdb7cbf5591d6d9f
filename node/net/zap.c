#include "zap.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct zap {
    void *socket;
    zap_admit *admit;
    void *context;
};

/* A request's frames (RFC 27): version, request id, domain, address, identity, mechanism,
 * credentials. */
enum {
    ZAP_VERSION,
    ZAP_REQUEST_ID,
    ZAP_DOMAIN_FRAME,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_KEY,
    ZAP_FRAMES
};
enum { FRAME_SIZE_MAX = 255 };

struct request {
    uint8_t frames[ZAP_FRAMES][FRAME_SIZE_MAX + 1]; /* each followed by a NUL */
    size_t sizes[ZAP_FRAMES];
    bool whole;
};

enum err zap_new(void *zmq_context, zap_admit *admit, void *context, struct zap **ret_zap) {
    enum err err = ERR_MEMORY;
    struct zap *zap = calloc(1, sizeof *zap);
    if (zap == NULL)
        goto done;
    zap->admit = admit;
    zap->context = context;
    zap->socket = zmq_socket(zmq_context, ZMQ_REP);
    if (zap->socket == NULL)
        goto done;
    int linger = 0;
    err = ERR_INTERNAL;
    if (zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) != 0)
        goto done;
    err = ERR_EXISTS;
    if (zmq_bind(zap->socket, "inproc://zeromq.zap.01") != 0)
        goto done;
    *ret_zap = zap;
    zap = NULL;
    err = OK;
done:
    zap_free(zap);
    return err;
}

void zap_free(struct zap *zap) {
    if (zap == NULL)
        return;
    if (zap->socket != NULL)
        zmq_close(zap->socket);
    free(zap);
}

int zap_fd(const struct zap *zap) {
    int fd = -1;
    size_t size = sizeof fd;
    return zmq_getsockopt(zap->socket, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

bool zap_is_ready(struct zap *zap) {
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(zap->socket, ZMQ_EVENTS, &events, &size) == 0 &&
           (events & ZMQ_POLLIN) != 0;
}

/* False when none waits. */
static bool receive(struct zap *zap, struct request *request) {
    *request = (struct request){.whole = true};
    size_t n = 0;
    int more = 1;
    while (more != 0) {
        uint8_t frame[FRAME_SIZE_MAX];
        int size = zmq_recv(zap->socket, frame, sizeof frame, ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        if (n >= ZAP_FRAMES || size > FRAME_SIZE_MAX) {
            request->whole = false;
        } else {
            memcpy(request->frames[n], frame, (size_t)size);
            request->sizes[n] = (size_t)size;
        }
        n++;
        size_t more_size = sizeof more;
        if (zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &more_size) != 0)
            more = 0;
    }
    request->whole = request->whole && n == ZAP_FRAMES;
    return true;
}

static bool frame_is(const struct request *request, int frame, const char *text) {
    return request->sizes[frame] == strlen(text) &&
           memcmp(request->frames[frame], text, request->sizes[frame]) == 0;
}

static bool is_admitted(const struct zap *zap, const struct request *request,
                        char ret_user[static HEX_TEXT_MAX]) {
    struct transport_public key;
    if (!request->whole || !frame_is(request, ZAP_VERSION, "1.0") ||
        !frame_is(request, ZAP_DOMAIN_FRAME, ZAP_DOMAIN) ||
        !frame_is(request, ZAP_MECHANISM, "CURVE") || request->sizes[ZAP_KEY] != sizeof key.bytes)
        return false;
    memcpy(key.bytes, request->frames[ZAP_KEY], sizeof key.bytes);
    if (!zap->admit(zap->context, (const char *)request->frames[ZAP_ADDRESS], &key))
        return false;
    hex_text(key.bytes, sizeof key.bytes, ret_user);
    return true;
}

static bool put(const struct zap *zap, const void *data, size_t size, int flags) {
    return zmq_send(zap->socket, data, size, flags | ZMQ_DONTWAIT) >= 0;
}

static void answer(struct zap *zap, const struct request *request) {
    char user[HEX_TEXT_MAX] = "";
    bool admitted = is_admitted(zap, request, user);
    const char *code = admitted ? "200" : "400", *text = admitted ? "OK" : "not admitted";
    /* A lost answer is a refusal: the handshake times out. */
    (void)(put(zap, "1.0", 3, ZMQ_SNDMORE) &&
           put(zap, request->frames[ZAP_REQUEST_ID], request->sizes[ZAP_REQUEST_ID], ZMQ_SNDMORE) &&
           put(zap, code, 3, ZMQ_SNDMORE) && put(zap, text, strlen(text), ZMQ_SNDMORE) &&
           put(zap, user, strlen(user), ZMQ_SNDMORE) && put(zap, "", 0, 0));
}

void zap_turn(struct zap *zap) {
    struct request request;
    while (receive(zap, &request))
        answer(zap, &request);
}
