import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// Made with openssl, which Debian's ZooKeeper installs through Java and ca-certificates.

/** A key and its certificate as PEM, and their files. */
export interface Certificate {
  key: string
  cert: string
  keyFile: string
  certFile: string
}

function make(folder: string, name: string, ...more: string[]): Certificate {
  const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile]
  const args = ['req', '-x509', ...key, '-out', certFile, '-subj', `/CN=${name}`, '-days', '2', ...more]
  execFileSync('openssl', args, { stdio: 'pipe' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile }
}

/** An authority that signs for itself. */
export function makeAuthority(folder: string, name: string): Certificate {
  return make(folder, name)
}

/** A certificate for 127.0.0.1, signed by this authority. */
export function makeCertificate(folder: string, name: string, authority: Certificate): Certificate {
  const signer = ['-CA', authority.certFile, '-CAkey', authority.keyFile]
  return make(folder, name, ...signer, '-addext', 'subjectAltName=IP:127.0.0.1')
}
