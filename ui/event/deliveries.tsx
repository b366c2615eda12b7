import { useQuery } from "@tanstack/react-query";
import { fetchDeliveries, fetchForwarders } from "../api/forwarding.ts";
import { DeliveryTable } from "../forwarders/delivery-table.tsx";

/** Where forwarders have sent the event, and what came of it. */
export function Deliveries({ id }: { id: string }) {
  const { data, refetch } = useQuery({
    queryKey: ["event-deliveries", id],
    queryFn: async () => {
      const forwarders = await fetchForwarders();
      const found = await Promise.all(
        forwarders.map(async (forwarder) => ({
          forwarder,
          deliveries: await fetchDeliveries(forwarder.id, { "filter[event]": id }),
        })),
      );
      return found.filter(({ deliveries }) => deliveries.length > 0);
    },
  });
  if (data === undefined || data.length === 0) return null;
  return (
    <section aria-label="Deliveries">
      <h3>Deliveries</h3>
      {data.map(({ forwarder, deliveries }) => (
        <DeliveryTable
          key={forwarder.id}
          caption={forwarder.attributes.name}
          deliveries={deliveries}
          onChange={() => void refetch()}
        />
      ))}
    </section>
  );
}
