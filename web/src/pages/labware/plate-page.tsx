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

type Opened = {
  /** The barcode or id in the address when the page was opened. */
  name: string
  /** The id of its container, when it is found. */
  id: string | null
}

/** One container: where it is, what is known of it, and its life. When the address gets its id instead of its barcode, the page stays as it is. */
export function PlatePage ({ name }: { name: string }) {
  const [opened, setOpened] = useState<Opened>({ name, id: null })
  if (name !== opened.name && name !== opened.id) setOpened({ name, id: null })
  return <Plate key={opened.name} name={name} opened={opened} onFound={setOpened} />
}

function Plate ({ name, opened, onFound }: { name: string, opened: Opened, onFound: (opened: Opened) => void }) {
  const { at } = usePast()
  const { data, error } = useContainer(name, at)
  const mayWrite = useMayWrite()
  const [isFixing, setFixing] = useState(false)
  const [, go] = useLocation()
  const found = data?.container
  useEffect(() => { if (found !== undefined && found.id !== opened.id) onFound({ name: opened.name, id: found.id }) }, [found, opened, onFound])
  // The barcode in the address is not that of the container any more, and soon that of another one.
  const isRenamed = found !== undefined && found.id === opened.id && found.id !== name && (found.barcode !== name || found.removed_at !== null)
  useEffect(() => { if (isRenamed) go(`/labware/${opened.id}${location.search}`, { replace: true }) }, [go, isRenamed, opened])
  if (error !== null) return <Page opened={opened.name} title={name} heading={<Name>{name}</Name>}><Notice>{wordsOf(error)}</Notice><p><Link href={`/find?q=${encodeURIComponent(name)}`}>Search for it</Link></p></Page>
  if (data === undefined) return <Page opened={opened.name} title={name} heading={<Name>{name}</Name>}><Notice>Reading ...</Notice></Page>
  const { container } = data
  const label = labelOf(container)
  return (
    <Page
      opened={opened.name} title={label} heading={<Name>{label}</Name>}
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
