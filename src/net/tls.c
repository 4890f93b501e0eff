#include "net/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * OpenSSL reads and writes through a BIO of ours, which knows the caller's bytes for the time of a call:
 *
 *     ciphertext --> session->in --BIO--> SSL_read --> plain
 *     plain --> SSL_write --BIO--> session->out --> the socket
 */

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *method;
    atomic_size_t references; /* its owner's, and one of each session */
    bool is_encrypted;        /* a passphrase was asked for */
};

struct tls_session {
    SSL *ssl;
    struct tls_context *context;
    struct text in;     /* during a call */
    struct buffer *out; /* the same */
    unsigned answers;   /* since the last plain byte that came */
    bool opened;        /* the handshake has ended */
    bool deciphering;   /* in tls_decrypt(): what is written is an answer */
    bool out_of_memory;
    bool flooded; /* by requests that want answers */
};

/* ---- the BIO ---- */

static int bio_read(BIO *bio, char *data, size_t size, size_t *read)
{
    struct tls_session *session = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (session->in.length == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *read = size < session->in.length ? size : session->in.length;
    memcpy(data, session->in.data, *read);
    session->in.data += *read;
    session->in.length -= *read;
    return 1;
}

/* OpenSSL answers one request after another within one call, so that here is the place to count. */
static bool may_answer(struct tls_session *session)
{
    if (session->deciphering && session->opened && session->answers++ == TLS_MOST_ANSWERS)
        session->flooded = true;
    return !session->flooded;
}

static int bio_write(BIO *bio, const char *data, size_t size, size_t *written)
{
    struct tls_session *session = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (!may_answer(session))
        return 0;
    if (!session->out || buffer_append(session->out, data, size) != STATUS_OK) {
        session->out_of_memory = true;
        return 0;
    }
    *written = size;
    return 1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "caller's bytes");

    if (method && (!BIO_meth_set_read_ex(method, bio_read) || !BIO_meth_set_write_ex(method, bio_write) ||
                   !BIO_meth_set_ctrl(method, bio_control))) {
        BIO_meth_free(method);
        method = NULL;
    }
    return method;
}

/* ---- the context ---- */

static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                           const unsigned char *offered, unsigned offered_length, void *owner)
{
    static const unsigned char known[] = "\x08http/1.1";
    unsigned char *found;

    (void)ssl, (void)owner;
    if (SSL_select_next_proto(&found, chosen_length, known, sizeof known - 1, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301, section 3.2 */
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static enum status complain(struct buffer *error, const char *name, const char *what)
{
    enum status status = buffer_printf(error, "%s: %s", name, what);

    return status == STATUS_OK ? STATUS_INVALID : status;
}

/* With what OpenSSL says of a failure: the first error it met, later ones are what came of it. */
static enum status explain(struct buffer *error, const char *name, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    enum status status = complain(error, name, what);

    if (status == STATUS_INVALID &&
        buffer_printf(error, ": %s", reason ? reason : "unknown reason") != STATUS_OK)
        status = STATUS_NO_MEMORY;
    ERR_clear_error();
    return status;
}

static void configure(SSL_CTX *ssl)
{
    static const unsigned char id[] = "configurapi-runner-ws";

    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_id_context(ssl, id, sizeof id - 1);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* tickets need no memory of ours */
    SSL_CTX_set_num_tickets(ssl, 1);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
}

/* OpenSSL's own asks at the terminal, and waits there. */
static int refuse_passphrase(char *passphrase, int size, int writing, void *owner)
{
    struct tls_context *context = owner;

    (void)passphrase, (void)size, (void)writing;
    context->is_encrypted = true;
    return -1;
}

/* NULL, with OpenSSL's error, where it can not be read. */
static BIO *open_pem(struct tls_pem pem)
{
    return pem.text ? BIO_new_mem_buf(pem.text, -1) : BIO_new_file(pem.name, "r");
}

/* Whether what was read last ended because nothing more is there. */
static bool was_the_last(void)
{
    unsigned long code = ERR_peek_last_error();

    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/* The certificates that are left, for those who trust none of ours but one behind it. */
static bool use_chain(SSL_CTX *ssl, BIO *bio)
{
    X509 *next;

    ERR_clear_error();
    while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (SSL_CTX_add0_chain_cert(ssl, next) != 1) {
            X509_free(next);
            return false;
        }
    }
    return was_the_last();
}

static bool use_certificate(SSL_CTX *ssl, struct tls_pem pem)
{
    BIO *bio = open_pem(pem);
    X509 *certificate = bio ? PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL) : NULL;
    bool used = certificate && SSL_CTX_use_certificate(ssl, certificate) == 1 && use_chain(ssl, bio);

    X509_free(certificate);
    BIO_free(bio);
    return used;
}

static bool use_key(struct tls_context *context, struct tls_pem pem)
{
    BIO *bio = open_pem(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, context) : NULL;
    bool used = key && SSL_CTX_use_PrivateKey(context->ssl, key) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    return used;
}

static enum status load(struct tls_context *context, struct tls_pem key, struct tls_pem certificate,
                        struct buffer *error)
{
    ERR_clear_error();
    if (!use_certificate(context->ssl, certificate))
        return explain(error, certificate.name, "no certificate can be read");
    ERR_clear_error();
    if (!use_key(context, key)) {
        if (!context->is_encrypted)
            return explain(error, key.name, "no key for that certificate can be read");
        ERR_clear_error();
        return complain(error, key.name, "the key is encrypted: it must be there without a passphrase");
    }
    if (SSL_CTX_check_private_key(context->ssl) != 1)
        return explain(error, key.name, "not the certificate's key");
    return STATUS_OK;
}

enum status tls_context_create(struct tls_context **context, struct tls_pem key, struct tls_pem certificate,
                               struct buffer *error)
{
    struct tls_context *made = calloc(1, sizeof *made);
    enum status status = STATUS_NO_MEMORY;

    if (!made)
        return STATUS_NO_MEMORY;
    made->references = 1;
    made->method = make_method();
    made->ssl = SSL_CTX_new(TLS_server_method());
    if (!made->method || !made->ssl)
        goto out;
    configure(made->ssl);
    status = load(made, key, certificate, error);
out:
    if (status != STATUS_OK) {
        tls_context_destroy(made);
        return status;
    }
    *context = made;
    return STATUS_OK;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void tls_context_destroy(struct tls_context *context)
{
    if (!context || atomic_fetch_sub(&context->references, 1) > 1)
        return;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->method);
    free(context);
}

/* ---- sessions ---- */

struct tls_session *tls_session_create(struct tls_context *context)
{
    struct tls_session *session = calloc(1, sizeof *session);
    BIO *bio = BIO_new(context->method);

    if (session && bio)
        session->ssl = SSL_new(context->ssl);
    if (!session || !session->ssl) {
        BIO_free(bio);
        free(session);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl, bio, bio); /* takes the one reference for both */
    SSL_set_accept_state(session->ssl);
    session->context = context;
    atomic_fetch_add(&context->references, 1);
    return session;
}

void tls_session_destroy(struct tls_session *session)
{
    if (!session)
        return;
    session->out = NULL;
    SSL_free(session->ssl);
    tls_context_destroy(session->context);
    free(session);
}

/* Of a call that gave `result`, which is none of success. */
static enum tls_result result_of(struct tls_session *session, int result)
{
    int error = SSL_get_error(session->ssl, result);

    ERR_clear_error();
    if (session->out_of_memory || session->flooded)
        return TLS_FAILED;
    switch (error) {
    case SSL_ERROR_WANT_READ: return TLS_OK;
    case SSL_ERROR_ZERO_RETURN: return TLS_ENDED;
    default: return TLS_FAILED;
    }
}

enum tls_result tls_decrypt(struct tls_session *session, struct text *ciphertext, char *plain,
                            size_t capacity, size_t *length, struct buffer *out)
{
    enum tls_result result = TLS_OK;

    *length = 0;
    session->in = *ciphertext;
    session->out = out;
    session->deciphering = true;
    session->opened = session->opened || tls_is_open(session); /* within a later message it seems not to be */
    while (result == TLS_OK && *length < capacity) {
        size_t read;
        int success = SSL_read_ex(session->ssl, plain + *length, capacity - *length, &read);
        if (success == 1) {
            *length += read;
            session->answers = 0;
            continue;
        }
        result = result_of(session, success);
        if (result == TLS_OK && session->in.length == 0)
            break; /* it wants more than has come */
    }
    *ciphertext = session->in;
    session->deciphering = false;
    session->in = (struct text){NULL, 0};
    session->out = NULL;
    return result;
}

bool tls_is_open(const struct tls_session *session)
{
    return SSL_is_init_finished(session->ssl);
}

enum tls_result tls_encrypt(struct tls_session *session, struct text plain, struct buffer *out)
{
    enum tls_result result = TLS_OK;

    session->out = out;
    while (plain.length > 0 && result == TLS_OK) {
        size_t written;
        int success = SSL_write_ex(session->ssl, plain.data, plain.length, &written);
        if (success == 1) {
            plain.data += written;
            plain.length -= written;
        } else {
            /* Not to be tried again: writing never waits for the peer, without renegotiation. */
            ERR_clear_error();
            result = TLS_FAILED;
        }
    }
    session->out = NULL;
    return result;
}

void tls_end(struct tls_session *session, struct buffer *out)
{
    session->out = out;
    if (SSL_is_init_finished(session->ssl))
        SSL_shutdown(session->ssl);
    ERR_clear_error();
    session->out = NULL;
}
