"""What kolla-ansible can switch on: the names in its ``enable_*`` variables, by release.

Source: kolla-ansible 20.6.0, ansible/group_vars/all.yml, and 22.2.0, ansible/group_vars/all/*.yml.
"""

from __future__ import annotations

CORE = frozenset(
    """
    glance haproxy keepalived keystone loadbalancer mariadb memcached neutron nova openstack_core openvswitch ovn placement
    rabbitmq
    """.split()
)
"""On every site, set by Armature: not to be listed as a service."""

_COMMON = frozenset(
    """
    aodh barbican blazar ceilometer ceilometer_horizon_policy_file ceilometer_ipmi ceilometer_prometheus_pushgateway
    cells central_logging ceph_rgw ceph_rgw_loadbalancer cinder cinder_backend_iscsi cinder_backend_lightbits
    cinder_backend_lvm cinder_backend_nfs cinder_backend_pure_fc cinder_backend_pure_iscsi
    cinder_backend_pure_nvme_tcp cinder_backend_pure_roce cinder_backend_quobyte cinder_backup
    cinder_horizon_policy_file cloudkitty collectd container_healthchecks cyborg designate destroy_images etcd
    external_api_firewalld external_mariadb_load_balancer fluentd fluentd_systemd glance_horizon_policy_file
    glance_image_cache gnocchi gnocchi_statsd grafana grafana_external hacluster haproxy_memcached heat
    heat_horizon_policy_file horizon horizon_blazar horizon_cloudkitty horizon_designate horizon_fwaas horizon_heat
    horizon_ironic horizon_magnum horizon_manila horizon_masakari horizon_mistral horizon_neutron_vpnaas
    horizon_octavia horizon_tacker horizon_trove horizon_watcher ironic ironic_dnsmasq ironic_neutron_agent
    ironic_prometheus_exporter iscsid keystone_federation keystone_horizon_policy_file letsencrypt magnum manila
    manila_backend_cephfs_native manila_backend_cephfs_nfs manila_backend_flashblade manila_backend_generic
    manila_backend_glusterfs_nfs manila_backend_hnas mariabackup masakari masakari_hostmonitor
    masakari_instancemonitor mistral multipathd neutron_agent_ha neutron_bgp_dragent neutron_dvr neutron_fwaas
    neutron_horizon_policy_file neutron_infoblox_ipam_agent neutron_metering neutron_mlnx neutron_packet_logging
    neutron_port_forwarding neutron_provider_networks neutron_qos neutron_segments neutron_sfc neutron_sriov
    neutron_taas neutron_trunk neutron_vpnaas nova_fake nova_horizon_policy_file nova_libvirt_container
    nova_serialconsole_proxy nova_ssh octavia octavia_driver_agent octavia_jobboard opensearch opensearch_dashboards
    opensearch_dashboards_external osprofiler ovn_sb_db_relay ovs_dpdk prometheus prometheus_alertmanager
    prometheus_alertmanager_external prometheus_blackbox_exporter prometheus_cadvisor prometheus_ceph_mgr_exporter
    prometheus_elasticsearch_exporter prometheus_etcd_integration prometheus_fluentd_integration
    prometheus_haproxy_exporter prometheus_libvirt_exporter prometheus_memcached_exporter prometheus_mysqld_exporter
    prometheus_node_exporter prometheus_openstack_exporter prometheus_openstack_exporter_external
    prometheus_proxysql_exporter prometheus_rabbitmq_exporter prometheus_server proxysql skyline tacker trove
    trove_singletenant valkey watcher
    """.split()
)

SERVICES_2025_1 = _COMMON | frozenset(
    """
    horizon_venus horizon_zun influxdb ironic_inspector kuryr redis telegraf venus zun
    """.split()
)

SERVICES_2026_1 = _COMMON | frozenset(
    """
    ironic_pxe_filter prometheus_openstack_network_exporter prometheus_valkey_exporter
    """.split()
)
