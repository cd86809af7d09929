import { BlockList, isIP } from 'node:net'

const loopback = loopbackAddresses()

function loopbackAddresses (): BlockList {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8)
  list.addAddress('::1', 'ipv6')
  return list
}

/** Whether an address is this machine's own, which nobody else can reach; also one of IPv4 as IPv6 writes it. */
export function isLoopback (address: string): boolean {
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** The same for the name of a host, as HOST and the Host header have it. Other names may mean any address: they do not count. */
export function isLoopbackName (host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || isLoopback(name.replace(/^\[(.*)\]$/, '$1'))
}
