// For tests: certificates made on the spot, and a client that speaks TLS.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/raw_client.h"

namespace plinth::net {

// A key and a certificate over it, by itself or by an issuer.
class Identity {
 public:
  explicit Identity(const std::string& name, const Identity* issuer = nullptr)
      : key_(::EVP_EC_gen("P-256"), ::EVP_PKEY_free), certificate_(::X509_new(), ::X509_free) {
    X509* const made = certificate_.get();
    ::X509_set_version(made, 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(made), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(made), -3600);
    ::X509_gmtime_adj(::X509_getm_notAfter(made), 86'400);
    ::X509_set_pubkey(made, key_.get());
    ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(made), "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const Identity& signer = issuer == nullptr ? *this : *issuer;
    ::X509_set_issuer_name(made, ::X509_get_subject_name(signer.certificate_.get()));
    if (issuer == nullptr) {
      X509_EXTENSION* const authority =
          ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
      ::X509_add_ext(made, authority, -1);
      ::X509_EXTENSION_free(authority);
    }
    ::X509_sign(made, signer.key_.get(), ::EVP_sha256());
  }

  void WriteCertificate(const std::string& path) const {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    ::PEM_write_X509(file.get(), certificate_.get());
  }
  void WriteKey(const std::string& path, const char* passphrase = nullptr) const {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    ::PEM_write_PrivateKey(file.get(), key_.get(), passphrase ? ::EVP_aes_128_cbc() : nullptr,
                           nullptr, 0, nullptr, const_cast<char*>(passphrase));
  }

  EVP_PKEY* key() const { return key_.get(); }
  X509* certificate() const { return certificate_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

// A blocking client over TLS; it looks at the server's certificate, but trusts any.
class TlsClient {
 public:
  struct Wishes {
    int highest_version = 0;
    std::string_view protocols{};  // for ALPN, in the form of the extension
    const Identity* identity = nullptr;
    int receive_buffer = 0;
  };

  explicit TlsClient(std::uint16_t port) : TlsClient(port, Wishes{}) {}
  TlsClient(std::uint16_t port, const Wishes& wishes)
      : socket_(port, wishes.receive_buffer),
        context_(::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free) {
    ::SSL_CTX_set_max_proto_version(context_.get(), wishes.highest_version);
    if (wishes.highest_version != 0) ::SSL_CTX_set_security_level(context_.get(), 0);
    if (wishes.identity != nullptr) {
      ::SSL_CTX_use_certificate(context_.get(), wishes.identity->certificate());
      ::SSL_CTX_use_PrivateKey(context_.get(), wishes.identity->key());
    }
    ssl_.reset(::SSL_new(context_.get()), ::SSL_free);
    const auto* const protocols = reinterpret_cast<const unsigned char*>(wishes.protocols.data());
    if (!wishes.protocols.empty())
      ::SSL_set_alpn_protos(ssl_.get(), protocols, static_cast<unsigned>(wishes.protocols.size()));
    ::SSL_set_fd(ssl_.get(), socket_.fd());
    connected_ = ::SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const { return connected_; }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  // The common name of the server's certificate.
  std::string server_name() const {
    X509* const shown = ::SSL_get0_peer_certificate(ssl_.get());
    char name[64] = {};
    if (shown != nullptr)
      ::X509_NAME_get_text_by_NID(::X509_get_subject_name(shown), NID_commonName, name,
                                  sizeof name);
    return name;
  }

  bool Send(std::string_view bytes) {
    return ::SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }

  // All that comes until the server closes. Sets `farewell` to whether it has said so.
  std::string Rest(bool* farewell = nullptr) {
    std::string all;
    char bytes[16 * 1024];
    int got = 0;
    while ((got = ::SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0)
      all.append(bytes, static_cast<std::size_t>(got));
    if (farewell != nullptr) *farewell = ::SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
    ::ERR_clear_error();
    return all;
  }

  void Close() { socket_.Close(); }

 private:
  RawClient socket_;
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  bool connected_ = false;
};

}  // namespace plinth::net
