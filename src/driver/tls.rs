//! How servers are trusted: one TLS configuration for both lanes.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::DriverError;
use crate::plan::ConnectionPlan;

/// The configuration that a scenario's `http.tls` asks for, offering these protocols (RFC 7301).
///
/// # Errors
/// When its certificate authority cannot be read.
pub(super) fn config(
    plan: &ConnectionPlan,
    file: &str,
    protocols: &[&str],
) -> Result<ClientConfig, DriverError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let unusable = |cause: String| DriverError::Client { file: file.to_string(), cause };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?;
    let verifier = verifier(plan, provider)
        .map_err(|cause| DriverError::Authority { file: file.to_string(), cause })?;
    let mut config = match verifier {
        Some(verifier) => {
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        // A machine without any authorities, such as an empty container, trusts nobody, and can
        // still speak plain HTTP.
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}

fn verifier(
    plan: &ConnectionPlan,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, String> {
    if plan.insecure {
        return Ok(Some(Arc::new(Anybody(provider))));
    }
    let Some(pem) = &plan.ca_pem else {
        let verifier = Verifier::new(provider).ok();
        return Ok(verifier.map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>));
    };
    let verifier = Verifier::new_with_extra_roots(authorities(pem)?, provider);
    verifier.map(|verifier| Some(Arc::new(verifier) as _)).map_err(|error| error.to_string())
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("it holds no `-----BEGIN CERTIFICATE-----`".into());
    }
    Ok(found)
}

/// Takes any certificate: `tls: { verify: off }`.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
