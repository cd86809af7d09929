import { Link, useLocation } from 'wouter'

/** The pages of one part of the whole. */
export function Parts ({ name, parts }: { name: string, parts: readonly (readonly [string, string])[] }) {
  const [path] = useLocation()
  return <nav className="parts" aria-label={name}>{parts.map(([to, text]) => <Link key={to} href={to} aria-current={path === to ? 'page' : undefined}>{text}</Link>)}</nav>
}
