#include "net/tls.h"

#include "support/cmocka_all.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A server's session of ours and a client of OpenSSL's own, with the bytes between them in our hands. */
struct fixture {
    struct tls_context *context;
    struct tls_session *server;
    SSL_CTX *client_context;
    SSL *client;
    BIO *to_client;
    BIO *from_client;
    struct buffer out;
    char key_path[64];
    char certificate_path[64];
};

static void write_pair(struct fixture *fixture)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();

    strcpy(fixture->key_path, "/tmp/configurapi-key-XXXXXX");
    strcpy(fixture->certificate_path, "/tmp/configurapi-crt-XXXXXX");
    FILE *key_file = fdopen(mkstemp(fixture->key_path), "w");
    FILE *certificate_file = fdopen(mkstemp(fixture->certificate_path), "w");
    assert_non_null(key_file);
    assert_non_null(certificate_file);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_X509(certificate_file, certificate), 1);
    fclose(key_file);
    fclose(certificate_file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct buffer error;

    buffer_init(&error, BUFFER_UNLIMITED);
    buffer_init(&fixture->out, BUFFER_UNLIMITED);
    write_pair(fixture);
    assert_int_equal(tls_context_create(&fixture->context, (struct tls_pem){fixture->key_path, NULL},
                                        (struct tls_pem){fixture->certificate_path, NULL}, &error),
                     STATUS_OK);
    fixture->server = tls_session_create(fixture->context);
    assert_non_null(fixture->server);
    fixture->client_context = SSL_CTX_new(TLS_client_method());
    fixture->client = SSL_new(fixture->client_context);
    fixture->to_client = BIO_new(BIO_s_mem());
    fixture->from_client = BIO_new(BIO_s_mem());
    SSL_set_bio(fixture->client, fixture->to_client, fixture->from_client);
    SSL_set_connect_state(fixture->client);
    buffer_deinit(&error);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tls_session_destroy(fixture->server);
    tls_context_destroy(fixture->context);
    SSL_free(fixture->client);
    SSL_CTX_free(fixture->client_context);
    buffer_deinit(&fixture->out);
    unlink(fixture->key_path);
    unlink(fixture->certificate_path);
    free(fixture);
    return 0;
}

/* Hands the server what the client has to send, so many bytes at once; appends what it says to `plain`. */
static enum tls_result deliver(struct fixture *fixture, size_t at_once, struct buffer *plain)
{
    enum tls_result result = TLS_OK;
    char sealed[4096];
    char room[256];
    int count;

    while (result == TLS_OK &&
           (count = BIO_read(fixture->from_client, sealed,
                             at_once < sizeof sealed ? (int)at_once : (int)sizeof sealed)) > 0) {
        struct text rest = {sealed, (size_t)count};
        size_t length = sizeof room;
        while (result == TLS_OK && (rest.length > 0 || length == sizeof room)) {
            result = tls_decrypt(fixture->server, &rest, room, sizeof room, &length, &fixture->out);
            assert_int_equal(buffer_append(plain, room, length), STATUS_OK);
        }
    }
    BIO_write(fixture->to_client, fixture->out.data, (int)fixture->out.length);
    buffer_clear(&fixture->out);
    return result;
}

static void shake_hands(struct fixture *fixture, size_t at_once)
{
    struct buffer plain;

    buffer_init(&plain, BUFFER_UNLIMITED);
    for (int i = 0; i < 8 && !(SSL_is_init_finished(fixture->client) && tls_is_open(fixture->server)); i++) {
        SSL_do_handshake(fixture->client);
        assert_int_equal(deliver(fixture, at_once, &plain), TLS_OK);
    }
    assert_true(tls_is_open(fixture->server));
    assert_int_equal(plain.length, 0);
    buffer_deinit(&plain);
}

static void exchanges(struct fixture *fixture, size_t at_once, size_t length)
{
    struct buffer plain;
    char *message = malloc(length);
    char *back = malloc(length);
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        message[i] = (char)(i * 31 + i / 256);
    buffer_init(&plain, BUFFER_UNLIMITED);
    assert_int_equal(SSL_write(fixture->client, message, (int)length), (int)length);
    assert_int_equal(deliver(fixture, at_once, &plain), TLS_OK);
    assert_int_equal(plain.length, length);
    assert_memory_equal(plain.data, message, length);
    assert_int_equal(tls_encrypt(fixture->server, buffer_text(&plain), &fixture->out), TLS_OK);
    BIO_write(fixture->to_client, fixture->out.data, (int)fixture->out.length);
    buffer_clear(&fixture->out);
    while (count < length) {
        int read = SSL_read(fixture->client, back + count, (int)(length - count));
        assert_true(read > 0);
        count += (size_t)read;
    }
    assert_memory_equal(back, message, length);
    buffer_deinit(&plain);
    free(message);
    free(back);
}

static void carries_bytes_whole_and_cut(void **state)
{
    struct fixture *fixture = *state;
    static const size_t lengths[] = {1, 255, 256, 257, 16384, 16385, 100000};
    static const size_t pieces[] = {4096, 1, 7};

    shake_hands(fixture, 1);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++)
            exchanges(fixture, pieces[i], lengths[j]);
}

static void hears_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct buffer plain;

    shake_hands(fixture, 4096);
    buffer_init(&plain, BUFFER_UNLIMITED);
    SSL_write(fixture->client, "last", 4);
    SSL_shutdown(fixture->client);
    assert_int_equal(deliver(fixture, 4096, &plain), TLS_ENDED);
    assert_int_equal(plain.length, 4);
    buffer_deinit(&plain);
}

static void says_the_end(void **state)
{
    struct fixture *fixture = *state;
    char byte;

    shake_hands(fixture, 4096);
    tls_end(fixture->server, &fixture->out);
    assert_true(fixture->out.length > 0);
    BIO_write(fixture->to_client, fixture->out.data, (int)fixture->out.length);
    int read = SSL_read(fixture->client, &byte, 1);
    assert_int_equal(SSL_get_error(fixture->client, read), SSL_ERROR_ZERO_RETURN);
}

static void says_nothing_before_the_handshake(void **state)
{
    struct fixture *fixture = *state;

    tls_end(fixture->server, &fixture->out);
    assert_int_equal(fixture->out.length, 0);
}

static void refuses_what_is_no_tls(void **state)
{
    struct fixture *fixture = *state;
    struct text request = TEXT("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    char plain[64];
    size_t length;

    assert_int_equal(tls_decrypt(fixture->server, &request, plain, sizeof plain, &length, &fixture->out),
                     TLS_FAILED);
    assert_int_equal(length, 0);
    assert_false(tls_is_open(fixture->server));
}

static void refuses_a_changed_record(void **state)
{
    struct fixture *fixture = *state;
    char sealed[256];
    char plain[256];
    size_t length;

    shake_hands(fixture, 4096);
    SSL_write(fixture->client, "hello", 5);
    int count = BIO_read(fixture->from_client, sealed, sizeof sealed);
    sealed[count - 1] ^= 1;
    struct text rest = {sealed, (size_t)count};
    assert_int_equal(tls_decrypt(fixture->server, &rest, plain, sizeof plain, &length, &fixture->out),
                     TLS_FAILED);
    assert_int_equal(length, 0);
    assert_true(fixture->out.length > 0); /* the alert */
}

static void sessions_outlive_their_context(void **state)
{
    struct fixture *fixture = *state;

    shake_hands(fixture, 4096);
    tls_context_destroy(fixture->context);
    fixture->context = NULL;
    exchanges(fixture, 4096, 1000);
}

static void fails_where_memory_is_out(void **state)
{
    struct fixture *fixture = *state;
    struct buffer small;

    shake_hands(fixture, 4096);
    buffer_init(&small, 8);
    assert_int_equal(tls_encrypt(fixture->server, TEXT("more than fits"), &small), TLS_FAILED);
    buffer_deinit(&small);
}

/* ---- requests that want answers ---- */

static enum tls_result ask_for_new_keys(struct fixture *fixture, int times, struct buffer *plain)
{
    for (int i = 0; i < times; i++) {
        assert_int_equal(SSL_key_update(fixture->client, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(fixture->client), 1);
    }
    return deliver(fixture, 4096, plain);
}

static void answers_so_many_requests_for_new_keys_in_a_row(void **state)
{
    struct fixture *fixture = *state;
    struct buffer plain;

    shake_hands(fixture, 4096);
    buffer_init(&plain, BUFFER_UNLIMITED);
    for (int i = 0; i < 4; i++) { /* as often as it has something to say besides */
        assert_int_equal(ask_for_new_keys(fixture, TLS_MOST_ANSWERS, &plain), TLS_OK);
        exchanges(fixture, 4096, 10);
    }
    int answered = 0;
    while (answered < 1000 && ask_for_new_keys(fixture, 1, &plain) == TLS_OK)
        answered++;
    assert_in_range(answered, TLS_MOST_ANSWERS, TLS_MOST_ANSWERS + 1); /* the last one may wait for a write */
    assert_int_equal(plain.length, 0);
    buffer_deinit(&plain);
}

static void answers_no_flood_of_requests_for_new_keys(void **state)
{
    struct fixture *fixture = *state;
    struct buffer plain;
    char answers[65536];

    shake_hands(fixture, 4096);
    buffer_init(&plain, BUFFER_UNLIMITED);
    assert_int_equal(ask_for_new_keys(fixture, 1000, &plain), TLS_FAILED);
    int length = BIO_read(fixture->to_client, answers, sizeof answers);
    assert_in_range(length, TLS_MOST_ANSWERS, TLS_MOST_ANSWERS * 64);
    buffer_deinit(&plain);
}

/* TLS 1.2: OpenSSL's client asks for one renegotiation and waits. So here is what a client can do that does
 * not: records of its own, sealed with the keys that the session has (RFC 5246, section 6.3; RFC 5288). */

enum { KEY = 16, SALT = 4, NONCE = 8, TAG = 16 };

struct keys {
    unsigned char key[KEY];
    unsigned char salt[SALT];
};

static unsigned char master[48];

static void on_key_line(const SSL *ssl, const char *line)
{
    const char *hex = strrchr(line, ' ') + 1;

    (void)ssl;
    for (size_t i = 0; i < sizeof master; i++)
        assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &master[i]), 1);
}

static struct keys client_keys(const SSL *client)
{
    unsigned char seed[64];
    unsigned char block[2 * (KEY + SALT)];
    struct keys keys;
    EVP_KDF *prf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(prf);

    SSL_get_server_random(client, seed, 32);
    SSL_get_client_random(client, seed + 32, 32);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, sizeof master),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (char *)"key expansion", 13),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_KDF_derive(context, block, sizeof block, parameters), 1);
    memcpy(keys.key, block, KEY);
    memcpy(keys.salt, block + 2 * KEY, SALT);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(prf);
    return keys;
}

/* A record of the handshake's type (22). */
static size_t seal_handshake(const struct keys *keys, uint8_t sequence, const unsigned char *message,
                             size_t length, unsigned char *record)
{
    unsigned char iv[SALT + NONCE] = {0};
    unsigned char about[13] = {[7] = sequence, 22, 3, 3, (unsigned char)(length >> 8), (unsigned char)length};
    size_t sealed = NONCE + length + TAG;
    const unsigned char head[] = {22, 3, 3, (unsigned char)(sealed >> 8), (unsigned char)sealed};
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written;

    memcpy(iv, keys->salt, SALT);
    iv[SALT + NONCE - 1] = sequence;
    memcpy(record, head, sizeof head);
    memcpy(record + sizeof head, iv + SALT, NONCE);
    unsigned char *body = record + sizeof head + NONCE;
    EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, iv);
    EVP_EncryptUpdate(context, NULL, &written, about, sizeof about);
    EVP_EncryptUpdate(context, body, &written, message, (int)length);
    EVP_EncryptFinal_ex(context, body + length, &written);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, body + length);
    EVP_CIPHER_CTX_free(context);
    return sizeof head + sealed;
}

static void answers_no_flood_of_renegotiations(void **state)
{
    struct fixture *fixture = *state;
    /* A ClientHello: its version, random, no session, one suite, no compression, nothing else. */
    static const unsigned char hello[] = {1, 0, 0, 41, 3, 3, [38] = 0, 0, 2, 0xC0, 0x2B, 1, 0};
    unsigned char record[sizeof hello + 64];
    struct buffer plain;
    int sent = 0;

    SSL_CTX_set_keylog_callback(fixture->client_context, on_key_line);
    SSL_set_max_proto_version(fixture->client, TLS1_2_VERSION);
    SSL_set_cipher_list(fixture->client, "ECDHE-ECDSA-AES128-GCM-SHA256");
    shake_hands(fixture, 4096);
    struct keys keys = client_keys(fixture->client);
    buffer_init(&plain, BUFFER_UNLIMITED);
    enum tls_result result = TLS_OK;
    while (result == TLS_OK && sent < 200) { /* sequence 0 was its Finished */
        size_t length = seal_handshake(&keys, (uint8_t)++sent, hello, sizeof hello, record);
        assert_int_equal(BIO_write(fixture->from_client, record, (int)length), (int)length);
        result = deliver(fixture, 4096, &plain);
    }
    assert_int_equal(result, TLS_FAILED);
    assert_int_equal(sent, TLS_MOST_ANSWERS + 1);
    assert_int_equal(plain.length, 0);
    buffer_deinit(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carries_bytes_whole_and_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hears_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_nothing_before_the_handshake, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_changed_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_outlive_their_context, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fails_where_memory_is_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_so_many_requests_for_new_keys_in_a_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_no_flood_of_requests_for_new_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_no_flood_of_renegotiations, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
