import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TlsOptions } from '../../../server/src/zookeeper/index.js'
import { token } from '../../tools/gateway/gateway-fixture.js'
import { endRuns, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { freePorts } from '../../tools/zookeeper/free-ports.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'
import { type Certificate, makeAuthority, makeCertificate } from '../../tools/zookeeper-link/certificates.js'
import { answer, attachedToReal, linkToReal } from '../../tools/zookeeper-link/real-link.js'

const START_MS = 60_000

describeWith('zookeeper')('a link over TLS', () => {
  let folder: string
  let authority: Certificate
  let ours: Certificate
  let strangers: Certificate
  const ensembles: RealEnsemble[] = []
  const address = { plain: '', noClientCertificates: '', clientCertificates: '' }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zoogate-tls-'))
    authority = makeAuthority(folder, 'authority')
    ours = makeCertificate(folder, 'gateway', authority)
    strangers = makeCertificate(folder, 'stranger', makeAuthority(folder, 'other-authority'))
    const server = makeCertificate(folder, 'server', authority)
    const keyStore = join(folder, 'server-key-store.pem')
    writeFileSync(keyStore, server.key + server.cert)
    const [open, asking] = (await freePorts(2)) as [number, number]
    const start = async (port: number, clientAuth: 'none' | 'need') => {
      const ensemble = await realEnsemble(1, {
        extraConfig: {
          serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
          secureClientPort: port,
          'ssl.clientAuth': clientAuth,
          'ssl.keyStore.location': keyStore,
          'ssl.keyStore.type': 'PEM',
          'ssl.trustStore.location': authority.certFile,
          'ssl.trustStore.type': 'PEM',
        },
      })
      ensembles.push(ensemble)
      return ensemble
    }
    address.plain = (await start(open, 'none')).connectString
    await start(asking, 'need')
    address.noClientCertificates = `127.0.0.1:${open}`
    address.clientCertificates = `127.0.0.1:${asking}`
  }, START_MS)
  afterAll(async () => {
    await Promise.all(ensembles.map((ensemble) => ensemble.close()))
    rmSync(folder, { recursive: true, force: true })
  }, START_MS)

  async function attaches(connectString: string, tls: TlsOptions): Promise<void> {
    const { link, recorder } = await attachedToReal(connectString, { tls })
    expect(await answer((cb) => link.exists('/', false, cb))).toMatchObject({ stat: { owner: null } })
    link.leaveServer()
    link.attach()
    await recorder.until('attached', 2)
    expect(recorder.sessions[1]?.id).toEqual(recorder.sessions[0]?.id)
    expect(await new Promise((done) => link.closeSession(done))).toBe(true)
  }

  async function lossOf(connectString: string, tls?: TlsOptions) {
    const { link, recorder } = linkToReal(connectString, tls && { tls })
    link.attach()
    await recorder.until('lost')
    return recorder.losses[0]
  }

  it('attaches, reads, takes up its session again and closes it', async () => {
    await attaches(address.noClientCertificates, { ca: authority.cert })
  })

  it('attaches with a client certificate where servers want one', async () => {
    await attaches(address.clientCertificates, { ca: authority.cert, cert: ours.cert, key: ours.key })
  })

  it('attaches to any server when it is told not to check certificates', async () => {
    await attaches(address.noClientCertificates, { rejectUnauthorized: false })
  })

  describe('a link that is lost for its certificates', () => {
    it.each<[string, () => TlsOptions, string]>([
      ['to set `ca` when the authority is not known', () => ({}), 'as `ca`'],
      ['to set `ca` when another authority is given', () => ({ ca: strangers.cert }), 'as `ca`'],
      [
        'to set `servername` when the certificate is for another name',
        () => ({ ca: authority.cert, servername: 'zookeeper.example' }),
        'as `servername`',
      ],
      [
        'that its own certificate cannot be read',
        () => ({ ca: authority.cert, cert: 'no certificate', key: 'no key' }),
        'cannot be read',
      ],
    ])('says %s', async (_title, tls, hint) => {
      const loss = await lossOf(address.noClientCertificates, tls())
      expect(loss).toMatchObject({ cause: 'tls', message: expect.stringContaining(hint) })
    })

    it.each<[string, () => TlsOptions]>([
      ['it has none', () => ({ ca: authority.cert })],
      [
        'it has one of another authority',
        () => ({ ca: authority.cert, cert: strangers.cert, key: strangers.key }),
      ],
    ])('names `cert` and `key` when servers want a client certificate and %s', async (_title, tls) => {
      const loss = await lossOf(address.clientCertificates, tls())
      expect(loss).toMatchObject({ cause: 'tls', message: expect.stringContaining('`cert` and `key`') })
    })
  })

  it('is told that a port without TLS is not the secureClientPort', async () => {
    const loss = await lossOf(address.plain, { ca: authority.cert })
    expect(loss).toMatchObject({ cause: 'tls', message: expect.stringContaining('secureClientPort') })
  })

  it('is told, without TLS on a port with TLS, that this may be the reason', async () => {
    const loss = await lossOf(address.noClientCertificates)
    expect(loss).toMatchObject({
      cause: 'refused_at_handshake',
      message: expect.stringContaining('want TLS on this port'),
    })
  })

  it('carries the sessions of pages, as the settings of a gateway process say', async () => {
    const certFile = join(folder, 'gateway-cert.pem')
    const keyFile = join(folder, 'gateway-key.pem')
    writeFileSync(certFile, ours.cert)
    writeFileSync(keyFile, ours.key)
    const tls = {
      ZOOGATE_ZOOKEEPER_TLS: 'true',
      ZOOGATE_ZOOKEEPER_TLS_CA_FILE: authority.certFile,
      ZOOGATE_ZOOKEEPER_TLS_CERT_FILE: certFile,
      ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: keyFile,
    }
    const gateway = serveProcess(address.clientCertificates, tls)
    const page = await RawPage.connect(webSocketOf(await gateway.listening()), { token: token() })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    const { ZOOGATE_ZOOKEEPER_TLS_CA_FILE: _, ...untrusted } = tls
    const warned = serveProcess(address.clientCertificates, untrusted)
    const waiting = await RawPage.open(webSocketOf(await warned.listening()))
    waiting.hello({ token: token() })
    await waitUntil('the operator is told', () => warned.stderr.includes("give the authority's certificate"))
    const unreadable = serveProcess(address.clientCertificates, {
      ...tls,
      ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: certFile,
    })
    expect(await unreadable.exit()).toBe(1)
    expect(unreadable.stderr).toContain('ZOOGATE_ZOOKEEPER_TLS_KEY_FILE')
    await endRuns()
  })
})
