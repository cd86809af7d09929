import { isIPv4 } from 'node:net'

/**
 * Whether an IP address is a loopback address (IPv4, IPv6 or IPv4-mapped IPv6). This runs for every request, so it compares
 * text. An unusual spelling counts as foreign.
 */
export function isLoopback (address: string): boolean {
  const short = address.startsWith('::ffff:') ? address.slice(7) : address
  return short === '::1' || (short.startsWith('127.') && isIPv4(short))
}

/** The same for a host name, as in HOST and in the Host header. Only `localhost` and addresses count; other names can resolve to any address. */
export function isLoopbackName (host: string): boolean {
  const name = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return isLoopback(name) || name.toLowerCase() === 'localhost'
}
