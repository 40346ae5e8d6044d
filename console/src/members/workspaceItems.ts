import type { Me } from '@carmic/contract';
import { messageOf } from '../api/client.ts';
import type { App } from '../app.ts';
import type { MenuItem } from '../ui/menuItem.ts';

/** The workspaces of a person as lines of a menu, and one more to make another. */
export function workspaceItems(me: Me, app: App, onCreate: () => void): MenuItem[] {
  const { t } = app;
  return [
    ...me.workspaces.map((workspace, index) => ({
      key: workspace.id,
      label: workspace.name,
      note: t.people.roles[workspace.role],
      isChecked: workspace.id === me.workspaceId,
      hasLineAbove: index === 0,
      onSelect: () => void (workspace.id === me.workspaceId ? undefined : enterWorkspace(app, workspace.id)),
    })),
    { key: 'new-workspace', label: t.people.workspaces.create, icon: 'plus' as const, onSelect: onCreate },
  ];
}

/** Goes to another workspace; everything on the page is of the old one, so the page starts anew. */
export async function enterWorkspace({ call, toasts, t }: App, workspaceId: string): Promise<void> {
  try {
    await call('switchWorkspace', { body: { workspaceId } });
    location.hash = '#/';
    location.reload();
  } catch (error) {
    toasts.show(messageOf(error, t), 'bad');
  }
}
