import { Link } from 'wouter'
import { useWorld } from '../../lab/lab-context.ts'
import { Name } from '../../parts/name.tsx'
import { EmptyLab } from '../../parts/empty-lab.tsx'
import { Notice, Page } from '../../parts/page.tsx'

/** The devices of the lab. */
export function DevicesPage () {
  const world = useWorld()
  const devices = [...world?.devices.values() ?? []]
  return (
    <Page title="Devices">
      {world === null ? <Notice>Reading the lab ...</Notice> : devices.length === 0 ? <EmptyLab /> : (
        <table className="list">
          <thead><tr><th scope="col">Device</th><th scope="col">Group</th><th scope="col">Slots</th><th scope="col">Occupied</th></tr></thead>
          <tbody>
            {devices.map(({ name, group, positions, slots, disposes }) => (
              <tr key={name}>
                <th scope="row"><Link href={`/devices/${encodeURIComponent(name)}`}><Name>{name}</Name></Link></th>
                <td data-label="Group"><Name>{group}</Name></td>
                <td data-label="Slots">{disposes ? 'waste' : positions}</td>
                <td data-label="Occupied">{slots.size}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Page>
  )
}
