import { Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { FindPage } from '../pages/find/find-page.tsx'
import { LabwarePage } from '../pages/labware/labware-page.tsx'
import { PlatePage } from '../pages/labware/plate-page.tsx'
import { NowPage } from '../pages/now/now-page.tsx'
import { WallPage } from '../pages/now/wall-page.tsx'
import { Notice, Page } from '../parts/page.tsx'
import { lazyPart } from './lazy-part.ts'

// What somebody needs who is called at night is in the first page. The others come when they are opened.
const DevicePage = lazyPart(async () => (await import('../pages/devices/device-page.tsx')).DevicePage)
const SlotPage = lazyPart(async () => (await import('../pages/devices/slot-page.tsx')).SlotPage)
const DevicesPage = lazyPart(async () => (await import('../pages/lab/devices-page.tsx')).DevicesPage)
const FilePage = lazyPart(async () => (await import('../pages/lab/file-page.tsx')).FilePage)
const LabwareTypesPage = lazyPart(async () => (await import('../pages/lab/labware-types-page.tsx')).LabwareTypesPage)
const KeysPage = lazyPart(async () => (await import('../pages/lab/keys-page.tsx')).KeysPage)
const WebhooksPage = lazyPart(async () => (await import('../pages/lab/webhooks-page.tsx')).WebhooksPage)
const HealthPage = lazyPart(async () => (await import('../pages/lab/health-page.tsx')).HealthPage)
const HelpPage = lazyPart(async () => (await import('../pages/help/help-page.tsx')).HelpPage)
const LogPage = lazyPart(async () => (await import('../pages/log/log-page.tsx')).LogPage)
const DurationsPage = lazyPart(async () => (await import('../pages/insights/durations-page.tsx')).DurationsPage)
const KindPage = lazyPart(async () => (await import('../pages/insights/kind-page.tsx')).KindPage)
const PromisesPage = lazyPart(async () => (await import('../pages/insights/promises-page.tsx')).PromisesPage)
const UsePage = lazyPart(async () => (await import('../pages/insights/use-page.tsx')).UsePage)
const RunPage = lazyPart(async () => (await import('../pages/runs/run-page.tsx')).RunPage)
const RunsPage = lazyPart(async () => (await import('../pages/runs/runs-page.tsx')).RunsPage)
const ScanBadgePage = lazyPart(async () => (await import('../pages/sign-in/scan-badge-page.tsx')).ScanBadgePage)
const StepPage = lazyPart(async () => (await import('../pages/steps/step-page.tsx')).StepPage)
const StepsPage = lazyPart(async () => (await import('../pages/steps/steps-page.tsx')).StepsPage)

const StocktakePage = lazyPart(async () => (await import('../pages/stocktake/stocktake-page.tsx')).StocktakePage)
const DeviceStocktakePage = lazyPart(async () => (await import('../pages/stocktake/device-stocktake-page.tsx')).DeviceStocktakePage)

/** The pages by their addresses. `pagePaths` in src/plugins/web-pages.ts has the same addresses. */
export function Pages () {
  return (
    <Suspense fallback={<Notice>Reading ...</Notice>}>
      <Switch>
        <Route path="/"><NowPage /></Route>
        <Route path="/wall"><WallPage /></Route>
        <Route path="/labware"><LabwarePage /></Route>
        <Route path="/labware/:container">{({ container }) => <PlatePage name={decodeURIComponent(container)} />}</Route>
        <Route path="/devices/:device">{({ device }) => <DevicePage name={decodeURIComponent(device)} />}</Route>
        <Route path="/devices/:device/:slot">{({ device, slot }) => <SlotPage key={slot} name={decodeURIComponent(device)} slot={decodeURIComponent(slot)} />}</Route>
        <Route path="/runs"><RunsPage /></Route>
        <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={decodeURIComponent(id)} />}</Route>
        <Route path="/steps"><StepsPage /></Route>
        <Route path="/steps/:id">{({ id }) => <StepPage key={id} id={decodeURIComponent(id)} />}</Route>
        <Route path="/stocktake"><StocktakePage /></Route>
        <Route path="/stocktake/:device">{({ device }) => <DeviceStocktakePage key={device} name={decodeURIComponent(device)} />}</Route>
        <Route path="/insights/use"><UsePage /></Route>
        <Route path="/insights/durations"><DurationsPage /></Route>
        <Route path="/insights/durations/:kind">{({ kind }) => <KindPage key={kind} id={decodeURIComponent(kind)} />}</Route>
        <Route path="/insights/promises"><PromisesPage /></Route>
        <Route path="/log"><LogPage /></Route>
        <Route path="/find"><FindPage /></Route>
        <Route path="/sign-in/scan"><ScanBadgePage /></Route>
        <Route path="/help"><HelpPage /></Route>
        <Route path="/lab/devices"><DevicesPage /></Route>
        <Route path="/lab/file"><FilePage /></Route>
        <Route path="/lab/labware-types"><LabwareTypesPage /></Route>
        <Route path="/lab/keys"><KeysPage /></Route>
        <Route path="/lab/webhooks"><WebhooksPage /></Route>
        <Route path="/lab/health"><HealthPage /></Route>
        <Route><Page title="There is no such page"><p>The address is not that of a page.</p></Page></Route>
      </Switch>
    </Suspense>
  )
}
