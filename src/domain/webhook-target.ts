import { BlockList, isIP } from 'node:net'

// Receivers in a lab have private addresses, so those are allowed. What must never be reached is where clouds keep the secrets of their machines, and
// what is no address of one machine.

// "This network", link-local addresses, multicast and what is reserved; the metadata of Alibaba, Azure and Oracle.
const ipv4 = [['0.0.0.0', 8], ['169.254.0.0', 16], ['224.0.0.0', 3], ['100.100.100.200', 32], ['168.63.129.16', 32], ['192.0.0.192', 32]] as const
// The unspecified address, link-local and multicast ones, the metadata of AWS; then 169.254.0.0/16 behind NAT64 and 6to4.
const ipv6 = [['::', 128], ['fe80::', 10], ['ff00::', 8], ['fd00:ec2::254', 128], ['64:ff9b::a9fe:0', 112], ['2002:a9fe::', 32]] as const
const forbidden = forbiddenNetworks()

function forbiddenNetworks (): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of ipv4) list.addSubnet(network, prefix, 'ipv4')
  for (const [network, prefix] of ipv6) list.addSubnet(network, prefix, 'ipv6')
  return list
}

/** Whether messages must not be sent to this IP address. An IPv4 address in an IPv6 one counts as itself. */
export function isForbiddenAddress (address: string): boolean {
  return forbidden.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** The IP address that a URL names itself; null if it names a host. */
export function addressIn ({ hostname }: URL): string | null {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(address) === 0 ? null : address
}

/** Why messages cannot be sent to this URL, and what to send instead; null if they can. A name is resolved only when a message is sent. */
export function targetFault (text: string): string | null {
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return 'must be a complete URL, such as https://hooks.lab.example/platform-status'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://'
  if (url.username !== '' || url.password !== '') return 'must not contain a user or a password, because URLs are shown; the receiver recognises messages by their signature'
  if (url.hash !== '' || text.endsWith('#')) return 'must not contain a fragment (#), because it is never sent'
  const address = addressIn(url)
  if (address !== null && isForbiddenAddress(address)) return `must not be ${address}: messages are never sent to link-local, multicast and metadata addresses; use the address of the receiver`
  return null
}
