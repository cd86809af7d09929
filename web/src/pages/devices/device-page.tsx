import { Link } from 'wouter'
import { CarryBar } from '../../fix/carry-bar.tsx'
import { usePastSearch, useWorld } from '../../lab/lab-context.ts'
import { DeviceGrid } from '../../parts/device-grid.tsx'
import { useReserved } from '../../parts/lab-map.tsx'
import { Legend } from '../../parts/legend.tsx'
import { ContainerLink, Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'

/** One device: its slots, and what is in them as a list. */
export function DevicePage ({ name }: { name: string }) {
  const world = useWorld()
  const reserved = useReserved()
  const past = usePastSearch()
  const device = world?.devices.get(name)
  if (device === undefined) return <Page title={name} heading={<Name>{name}</Name>}><Notice>{world === null ? 'Reading the lab ...' : 'The lab has no such device.'}</Notice></Page>
  const occupants = [...device.slots].sort(([a], [b]) => a - b)
  return (
    <Page title={name} heading={<Name>{name}</Name>} tools={<Link className="key" href={`/stocktake/${encodeURIComponent(name)}`}>Stocktake</Link>}>
      <CarryBar />
      <div className="map"><DeviceGrid device={device} reserved={reserved.get(name)} /></div>
      <Legend />
      {occupants.length === 0 ? <p>Nothing stands here.</p> : (
        <table className="list">
          <thead><tr><th scope="col">Slot</th><th scope="col">What</th><th scope="col">Lid</th></tr></thead>
          <tbody>
            {occupants.map(([slot, { part, container }]) => (
              <tr key={slot}>
                <th scope="row"><Link href={`/devices/${encodeURIComponent(name)}/${slot}${past}`}>{slot}</Link></th>
                <td data-label="What">{part === 'lid' ? 'lid of ' : ''}<ContainerLink container={container} /></td>
                <td data-label="Lid">{part === 'lid' ? '–' : container.lidded ? 'on' : container.lid === null ? 'none' : `${container.lid.device} · ${container.lid.position}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Page>
  )
}
