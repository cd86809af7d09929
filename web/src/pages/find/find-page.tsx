import { useQuery } from '@tanstack/react-query'
import { Link, Redirect, useSearchParams } from 'wouter'
import { api, read } from '../../api/client.ts'
import { useWorld } from '../../lab/lab-context.ts'
import { containerPath, ContainerLink, Name, PlaceName } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { foundIn } from './found.ts'

/** What a barcode, a name, a place or an id means. A barcode or id that is known leads to its page at once. */
export function FindPage () {
  const [search] = useSearchParams()
  const query = (search.get('q') ?? '').trim()
  const world = useWorld()
  const { data: exact, isFetching } = useQuery({
    queryKey: ['containers', 'find', query], enabled: query !== '', retry: false,
    // A list, because a text that is no barcode is no fault here.
    queryFn: async () => (await read(api.GET('/api/containers', { params: { query: { barcode: query, removed: 'any', limit: 2 } } }))).items
  })
  if (query === '') return <Page title="Find"><Notice>Type or scan a barcode, a name, or a device with its slot, such as Hotel1 5.</Notice></Page>
  if (exact?.length === 1) return <Redirect to={containerPath(exact[0]!)} replace />
  if (world === null || isFetching) return <Page title="Find"><Notice>Searching ...</Notice></Page>
  const { place, devices, containers } = foundIn(world, query)
  if (place?.container !== undefined && containers.length === 0) return <Redirect to={containerPath(place.container)} replace />
  const count = containers.length + devices.length + (place === null ? 0 : 1)
  return (
    <Page title={`Find ${query}`} heading={<>Found for <Name>{query}</Name>: {count}</>}>
      {count === 0 ? <Notice>Nothing on the platform has this barcode, name or place. A container that left the platform is in <Link href={`/labware?removed=true&filter=${encodeURIComponent(query)}`}>Labware</Link>.</Notice> : null}
      <ul className="found">
        {place === null ? null : <li><PlaceName device={place.device} position={place.position} />: {place.container === undefined ? 'empty' : <ContainerLink container={place.container} />}</li>}
        {devices.map((name) => <li key={name}>device <PlaceName device={name} position={null} /></li>)}
        {containers.map((container) => <li key={container.id}><ContainerLink container={container} /> <PlaceName {...container} /></li>)}
      </ul>
    </Page>
  )
}
