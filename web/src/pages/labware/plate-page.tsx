import { useEffect, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Container } from '../../api/generated/schema.d.ts'
import { useContainer } from '../../api/queries.ts'
import { FixSheet } from '../../fix/fix-sheet.tsx'
import { PlateActions } from '../../fix/plate-actions.tsx'
import { useMayWrite, usePast } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { labelOf, mapPath, Name, PlaceName } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { Ago, Moment } from '../../parts/time.tsx'
import { Life } from './life.tsx'

/** One container: where it is, what is known of it, and its life. */
export function PlatePage ({ name }: { name: string }) {
  const { at } = usePast()
  const { data, error } = useContainer(name, at)
  const mayWrite = useMayWrite()
  const [isFixing, setFixing] = useState(false)
  const [, go] = useLocation()
  const isRenamed = at === null && data !== undefined && data.container.id !== name && data.container.barcode !== name
  // The barcode in the address may soon be that of another plate.
  useEffect(() => { if (isRenamed) go(`/labware/${data.container.id}`, { replace: true }) }, [go, isRenamed, data])
  if (error !== null) return <Page title={name} heading={<Name>{name}</Name>}><Notice>{wordsOf(error)}</Notice><p><Link href={`/find?q=${encodeURIComponent(name)}`}>Search for it</Link></p></Page>
  if (data === undefined) return <Page title={name} heading={<Name>{name}</Name>}><Notice>Reading ...</Notice></Page>
  const { container } = data
  const label = labelOf(container)
  return (
    <Page
      title={label} heading={<Name>{label}</Name>}
      tools={at !== null ? null : <><Key className="key is-main" isOff={!mayWrite} onClick={() => setFixing(true)}>Fix</Key><PlateActions container={container} etag={data.etag} /></>}
    >
      <Facts container={container} />
      <h2>Life</h2>
      <Life container={container.id} />
      {isFixing ? <FixSheet name={container.id} onClose={() => setFixing(false)} /> : null}
    </Page>
  )
}

function Facts ({ container }: { container: Container }) {
  const { at } = usePast()
  const { barcode, name, device, position, lidded, lid, labware_type, content, filled, missing_since, last_device, last_position, removed_at } = container
  const { created_at, updated_at, starting_device, starting_position } = container
  return (
    <dl className="facts">
      <dt>Place</dt>
      <dd>
        {removed_at !== null ? <>off the platform since <Moment at={removed_at} /></>
          : device !== null ? <><PlaceName device={device} position={position} />{position === null ? null : <>, <Link href={mapPath({ device, position }) + (at === null ? '' : `&at=${encodeURIComponent(at)}`)}>on the map</Link></>}</>
            : <>missing since <Moment at={missing_since!} />; last seen at {last_device === null ? 'no known place' : <PlaceName device={last_device} position={last_position} />}</>}
      </dd>
      <dt>Lid</dt><dd>{lidded ? 'on' : lid === null ? 'none' : <PlaceName {...lid} />}</dd>
      <dt>Last change</dt><dd><Ago at={updated_at} /></dd>
      {name === barcode ? null : <><dt>Name</dt><dd><Name>{name}</Name></dd></>}
      <dt>Barcode</dt><dd>{barcode === null ? 'none' : <Name>{barcode}</Name>}</dd>
      {labware_type === null ? null : <><dt>Type</dt><dd><Name>{labware_type}</Name></dd></>}
      <dt>Content</dt><dd>{content === null ? filled ? 'filled' : 'empty' : <Name>{content}</Name>}</dd>
      <dt>Added</dt><dd><Moment at={created_at} /> at <PlaceName device={starting_device} position={starting_position} /></dd>
    </dl>
  )
}
