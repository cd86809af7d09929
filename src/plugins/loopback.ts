import { isIPv4 } from 'node:net'

/**
 * Whether an address is this machine's own, which nobody else can reach; also one of IPv4 as IPv6 writes it. Asked at every
 * call, so by its text: an odd spelling counts as somebody else's.
 */
export function isLoopback (address: string): boolean {
  const short = address.startsWith('::ffff:') ? address.slice(7) : address
  return short === '::1' || (short.startsWith('127.') && isIPv4(short))
}

/** The same for the name of a host, as HOST and the Host header have it. Other names may mean any address: they do not count. */
export function isLoopbackName (host: string): boolean {
  const name = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return isLoopback(name) || name.toLowerCase() === 'localhost'
}
