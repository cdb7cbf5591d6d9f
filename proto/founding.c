/* The founding record: declaration.h. */
#include "hash.h"
#include "protobuf.h"

enum err founding_read(const Stafet__V1__Founding *message, struct arena *arena,
                       struct founding *ret_founding) {
    struct founding founding = {.record = binary_read(message->record)};
    const ProtobufCMessage *base;
    enum err err =
        fixed_read(message->signature, founding.signature.bytes, sizeof founding.signature.bytes);
    if (err == OK)
        err = protobuf_unpack(&stafet__v1__founding_record__descriptor, founding.record, arena,
                              &base);
    if (err != OK)
        return err;
    const Stafet__V1__FoundingRecord *record = (const Stafet__V1__FoundingRecord *)base;
    struct incarnation nonce;
    if (fixed_read(record->root_sign, founding.root_sign.bytes, sizeof founding.root_sign.bytes) !=
            OK ||
        fixed_read(record->root_seal, founding.root_seal.bytes, sizeof founding.root_seal.bytes) !=
            OK ||
        fixed_read(record->municipality, founding.municipality.bytes,
                   sizeof founding.municipality.bytes) != OK ||
        fixed_read(record->nonce, nonce.bytes, sizeof nonce.bytes) != OK)
        return ERR_FORMAT;
    err = keys_read(record->sign, record->seal, record->transport, &founding.keys);
    if (err == OK)
        err = name_check(record->name);
    founding.name = record->name;
    if (err == OK)
        *ret_founding = founding;
    return err;
}

enum err founding_sign(struct founding *founding, const struct incarnation *nonce,
                       const struct root_keys *root, struct buffer *record) {
    enum err err = name_check(founding->name);
    if (err != OK)
        return err;
    Stafet__V1__FoundingRecord message;
    stafet__v1__founding_record__init(&message);
    const struct public_keys *keys = &founding->keys;
    message.name = text_write(founding->name);
    message.root_sign = fixed_write(root->sign_public.bytes, sizeof root->sign_public.bytes);
    message.root_seal = fixed_write(root->seal_public.bytes, sizeof root->seal_public.bytes);
    message.municipality =
        fixed_write(founding->municipality.bytes, sizeof founding->municipality.bytes);
    message.sign = fixed_write(keys->sign.bytes, sizeof keys->sign.bytes);
    message.seal = fixed_write(keys->seal.bytes, sizeof keys->seal.bytes);
    message.transport = fixed_write(keys->transport.bytes, sizeof keys->transport.bytes);
    message.nonce = fixed_write(nonce->bytes, sizeof nonce->bytes);
    size_t before = record->size;
    err = protobuf_pack(&message.base, record);
    if (err != OK)
        return err;
    struct bytes bytes = {record->data + before, record->size - before};
    struct signature signature;
    err = key_sign(&root->sign, SIGN_FOUNDING, bytes, &signature);
    if (err != OK) {
        record->size = before;
        return err;
    }
    founding->record = bytes;
    founding->signature = signature;
    founding->root_sign = root->sign_public;
    founding->root_seal = root->seal_public;
    return OK;
}

enum err founding_verify(const struct founding *founding) {
    return key_verify(&founding->root_sign, SIGN_FOUNDING, founding->record, &founding->signature);
}

struct federation_id founding_federation(const struct founding *founding) {
    struct hash hash = hash_of(HASH_FEDERATION, founding->record.data, founding->record.size);
    struct federation_id federation;
    memcpy(federation.bytes, hash.bytes, sizeof federation.bytes);
    return federation;
}
