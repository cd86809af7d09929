import { Link, useLocation } from 'wouter'
import { useWorld } from '../../lab/lab-context.ts'
import { isAllWaste, keepingOf } from '../../lab/waste.ts'
import { EmptyLab } from '../../parts/empty-lab.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { useScans } from '../../parts/scanner.ts'

/** The devices, to say what really stands in one. */
export function StocktakePage () {
  const world = useWorld()
  const [, go] = useLocation()
  useScans((scanned) => {
    const isDevice = world?.devices.has(scanned) === true
    go(isDevice ? `/stocktake/${encodeURIComponent(scanned)}` : `/find?q=${encodeURIComponent(scanned)}`)
    return isDevice ? `Stocktake of ${scanned}` : scanned
  })
  const devices = [...world?.devices.values() ?? []].filter((device) => !isAllWaste(device))
  return (
    <Page title="Stocktake">
      <p>Choose a device, or scan its label. Then scan plate after plate: nothing changes before you apply it.</p>
      {world === null ? <Notice>Reading the lab ...</Notice> : devices.length === 0 ? <EmptyLab /> : (
        <ul className="choices">
          {devices.map((device) => (
            <li key={device.name}>
              <Link className="key" href={`/stocktake/${encodeURIComponent(device.name)}`}><span><Name>{device.name}</Name> <span className="count">{device.slots.size}/{keepingOf(device)}</span></span></Link>
            </li>
          ))}
        </ul>
      )}
    </Page>
  )
}
