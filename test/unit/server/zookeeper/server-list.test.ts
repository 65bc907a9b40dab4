import { describe, expect, it } from 'vitest'
import { ServerList, serverName } from '../../../../server/src/zookeeper/server-list.js'

function read(connectString: string): { servers: string[]; chroot: string } {
  const { servers, chroot } = ServerList.parse(connectString)
  const cursor = servers.cursor(() => 0)
  return { servers: Array.from({ length: cursor.size }, () => serverName(cursor.next())), chroot }
}

describe('a connect string', () => {
  it.each([
    ['zk', ['zk:2181'], ''],
    ['a:2182,b', ['a:2182', 'b:2181'], ''],
    ['a:1, b:2', ['a:1', 'b:2'], ''],
    ['10.0.0.1:2181/app', ['10.0.0.1:2181'], '/app'],
    [
      '[::1]:2182,[fe80::1%eth0],zk.example/some/chroot',
      ['[::1]:2182', '[fe80::1%eth0]:2181', 'zk.example:2181'],
      '/some/chroot',
    ],
    ['a/', ['a:2181'], ''],
    ['a/app/', ['a:2181'], '/app'],
  ])('is understood: "%s"', (connectString, servers, chroot) => {
    expect(read(connectString)).toEqual({ servers, chroot })
  })

  it.each([
    ['', 'has an empty server'],
    ['a,,b', 'has an empty server'],
    ['/app', 'has an empty server'],
    ['a:x', 'The port of the server "a:x"'],
    ['a:', 'The port of the server "a:"'],
    ['a:0', 'from 1 to 65535'],
    ['b,a:65536', '"a:65536"'],
    ['::1', 'Cannot read the server "::1": write host:port, and IPv6 addresses as [::1]:2181'],
    ['::1:2181', '[::1]:2181'],
    ['[::1', '"[::1"'],
    ['a b:2181', '"a b:2181"'],
    ['a//app', 'The chroot "//app"'],
    ['a/x/../y', 'The chroot "/x/../y"'],
    ['a/x//', 'The chroot "/x//"'],
  ])('is refused with its bad part: "%s"', (connectString, message) => {
    expect(() => ServerList.parse(connectString)).toThrow(message)
  })
})

describe('a cursor', () => {
  const { servers } = ServerList.parse('a,b,c')
  const walk = (...randoms: number[]) => {
    const cursor = servers.cursor(() => randoms.shift() ?? 0)
    return Array.from({ length: 6 }, () => cursor.next().host).join('')
  }

  it('starts anywhere and goes round forwards or backwards', () => {
    expect(walk(0, 0)).toBe('abcabc')
    expect(walk(0.99, 0)).toBe('cabcab')
    expect(walk(0.4, 0.9)).toBe('bacbac')
  })

  it('visits a server once more on request, and goes on from there', () => {
    for (const direction of [0, 0.9]) {
      const randoms = [0.4, direction]
      const cursor = servers.cursor(() => randoms.shift() ?? 0)
      const [first, second] = [cursor.next(), cursor.next()]
      cursor.repeat()
      expect(cursor.next()).toBe(second)
      expect([first, second]).not.toContain(cursor.next())
    }
  })

  it('is one for each link', () => {
    const [first, second] = [servers.cursor(() => 0), servers.cursor(() => 0)]
    first.next()
    expect(second.next().host).toBe('a')
  })

  it('spreads the links of a dead server over both its neighbours', () => {
    const after = Array.from({ length: 2_000 }, () => {
      const cursor = servers.cursor()
      return cursor.next().host === 'a' ? cursor.next().host : ''
    })
    for (const neighbour of ['b', 'c']) {
      expect(after.filter((host) => host === neighbour).length).toBeGreaterThan(200)
    }
  })

  it('stays with the only server', () => {
    const cursor = ServerList.parse('a').servers.cursor()
    expect([cursor.next().host, cursor.next().host]).toEqual(['a', 'a'])
  })
})
