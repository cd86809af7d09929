import { Link } from 'wouter'
import { Name } from './name.tsx'

type Run = { id: string, name: string | null, process: { name: string } }

/** The name of a run; without one, that of its process. */
export function runLabel ({ name, process }: Run): string {
  return name ?? process.name
}

export function RunLink ({ run }: { run: Run }) {
  return <Link href={`/runs/${run.id}`}><Name>{runLabel(run)}</Name></Link>
}
