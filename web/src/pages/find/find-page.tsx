import { useQuery } from '@tanstack/react-query'
import { Link, Redirect, useSearchParams } from 'wouter'
import { api, read, wordsOf } from '../../api/client.ts'
import type { FoundItem } from '../../api/generated/schema.d.ts'
import { useWorld } from '../../lab/lab-context.ts'
import { ContainerLink, Name, PlaceName } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { exactPage, pageOf, partlyIn } from './found.ts'

const most = 100

/** What a barcode, a name, a place or an id means: of the present, of the past, and of runs and steps. What it means without doubt leads to its page at once. */
export function FindPage () {
  const [search] = useSearchParams()
  const query = (search.get('q') ?? '').trim()
  const world = useWorld()
  const { data, error, isFetching } = useQuery({
    // Asked again each time: no event says that a search is old.
    queryKey: ['search', query], enabled: query !== '', retry: false, staleTime: 0,
    queryFn: async () => (await read(api.GET('/api/search', { params: { query: { q: query, limit: most } } }))).items
  })
  if (query === '') return <Page title="Find"><Notice>Type or scan a barcode, a name, an id, or a device with its slot, such as Hotel1 5.</Notice></Page>
  if (error !== null) return <Page title="Find"><Notice>{wordsOf(error)}</Notice></Page>
  if (data === undefined || isFetching || world === null) return <Page title="Find"><Notice>Searching ...</Notice></Page>
  const exact = exactPage(data)
  if (exact !== null) return <Redirect to={exact} replace />
  const others = partlyIn(world, query, data)
  const count = data.length + others.length
  return (
    <Page title={`Find ${query}`} heading={<>Found for <Name>{query}</Name>: {count}</>}>
      {count === 0 ? <Notice>Nothing has this barcode, name, place or id, and nothing had it.</Notice> : null}
      <ul className="found">
        {data.map((item) => <li key={item.url}><Found item={item} /></li>)}
        {others.map((container) => <li key={container.id}><ContainerLink container={container} /> <PlaceName {...container} /></li>)}
      </ul>
      {data.length < most ? null : <p>There are more. Type more of it.</p>}
    </Page>
  )
}

const kindWords: Readonly<Record<FoundItem['kind'], string>> = { container: '', position: 'slot ', device: 'device ', experiment: 'run ', process: 'process ', step: 'step ', revision: 'request: ' }

function Found ({ item }: { item: FoundItem }) {
  const { kind, label, where, missing_since, last, why } = item
  const page = pageOf(item)
  return (
    <>
      {kindWords[kind]}{page === null ? <Name>{label}</Name> : <Link href={page}><Name>{label}</Name></Link>}
      {where === null || kind === 'device' || kind === 'position' ? null : <> <PlaceName {...where} /></>}
      {kind === 'container' && where === null ? missing_since === null ? ' not in any slot' : <> missing since <Moment at={missing_since} /></> : null}
      {last === null || last.position === null ? null : <>, last seen at <PlaceName device={last.device} position={last.position} /></>}
      {why === 'former-barcode' ? ', had this barcode before' : null}
    </>
  )
}
