import { useMemo } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import { useContainers } from '../../api/queries.ts'
import { useWorld } from '../../lab/lab-context.ts'
import { EmptyLab } from '../../parts/empty-lab.tsx'
import { Filters } from '../../parts/filters.tsx'
import { Key } from '../../parts/key.tsx'
import { ContainerLink, Name, PlaceName } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { downloadCsv } from '../../parts/csv.ts'
import { useSearch } from '../../parts/search.ts'
import { SelectFilter } from '../../parts/select-filter.tsx'
import { Ago } from '../../parts/time.tsx'
import { labwareCsvRows, isShown } from './rows.ts'
import { ariaSortOf, columns, type Column, orderWords, sorted, sortOf, sorts, sortText } from './sort.ts'

/** All labware: what it is, where it is, and when it changed last. */
export function LabwarePage () {
  const [search, change] = useSearch()
  const removed = search.get('removed') === 'true'
  const filter = search.get('filter') ?? ''
  const sort = search.get('sort')
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useContainers(removed)
  const world = useWorld()
  const rows = useMemo(() => {
    const devices = [...world?.devices.keys() ?? []]
    return sorted((data?.pages ?? []).flatMap(({ items }) => items).filter((one) => isShown(one, filter)), sortOf(sort), devices)
  }, [data, filter, sort, world])
  const { column: sorting, order } = sortOf(sort)

  const title = data === undefined ? 'Labware' : `Labware: ${rows.length}${hasNextPage ? ' or more' : ''}`
  return (
    <Page
      title={title}
      tools={<>
        <button className="key" onClick={() => downloadCsv('labware', labwareCsvRows(rows))}>CSV</button>
        <button className="key" onClick={() => print()}>Print</button>
      </>}
    >
      <Filters on={[...filter === '' ? [] : [`with ${filter}`], ...removed ? ['also what left the platform'] : []]}>
        <label>Only with <input type="search" value={filter} onChange={({ target }) => change('filter', target.value)} maxLength={200} /></label>
        <label className="radio"><input type="checkbox" checked={removed} onChange={({ target }) => change('removed', target.checked ? 'true' : '')} /> also what left the platform</label>
      </Filters>
      <div className="filters phone-only"><SelectFilter label="Sort by" value={sortText({ column: sorting, order })} options={sorts} onChange={(text) => change('sort', text)} /></div>
      {error !== null ? <Notice>{wordsOf(error)}</Notice> : null}
      {data === undefined ? error === null ? <Notice>Reading ...</Notice> : null : rows.length === 0
        ? filter !== '' ? <Notice>Nothing matches.</Notice> : world?.devices.size === 0 ? <EmptyLab /> : <Notice>No labware is on the platform. A <Link href="/stocktake">stocktake</Link> records what stands there.</Notice>
        : (
          <table className="list">
            <thead><tr>{columns.map((column) => (
              <Head
                key={column.key} column={column} isSorted={column === sorting} order={order}
                onSort={() => change('sort', sortText({ column, order: column === sorting && order === 1 ? -1 : 1 }))}
              />
            ))}</tr></thead>
            <tbody>
              {rows.map((container) => {
                const { name, barcode, labware_type, device, position, lidded, lid, missing_since, removed_at, updated_at } = container
                const { last_device, last_position } = container
                return (
                  <tr key={container.id}>
                    <th scope="row"><ContainerLink container={container} /></th>
                    <td data-label="Name">{name === barcode ? '' : <Name>{name}</Name>}</td>
                    <td data-label="Place">
                      {device !== null ? <PlaceName device={device} position={position} /> : removed_at !== null ? 'off the platform'
                        : <>missing <Ago at={missing_since!} />{last_device === null ? '' : <>, last at <PlaceName device={last_device} position={last_position} /></>}</>}
                    </td>
                    <td data-label="Lid">{lidded ? 'on' : lid === null ? 'none' : <PlaceName {...lid} />}</td>
                    <td data-label="Type">{labware_type === null ? '' : <Name>{labware_type}</Name>}</td>
                    <td data-label="Last change"><Ago at={updated_at} /></td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      {hasNextPage ? <Key isOff={isFetching} onClick={() => { void fetchNextPage() }}>Show more</Key> : null}
    </Page>
  )
}

function Head ({ column, isSorted, order, onSort }: { column: Column, isSorted: boolean, order: 1 | -1, onSort: () => void }) {
  return (
    <th scope="col" aria-sort={isSorted ? ariaSortOf({ column, order }) : undefined}>
      <button className="sort" onClick={onSort}>{column.name}{isSorted ? <span className="count">, {orderWords({ column, order })}</span> : null}</button>
    </th>
  )
}
