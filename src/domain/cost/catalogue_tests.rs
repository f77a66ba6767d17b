//! Tests of [`super`]: what is found, what holds before what, and what a fault says.

use super::*;
use proptest::prelude::*;

const HEADER: &str = "provider,region,instance_type,vcpu,memory_gib,gpu_count,gpu_model,ondemand_usd_hour,\
                      spot_usd_hour,as_of,source\n";

fn table(rows: &str) -> String {
    format!("{HEADER}{rows}")
}

fn sample() -> Catalogue {
    Catalogue::parse(&table(
        "aws,us-east-1,m5.xlarge,4,16,0,,0.192,0.0817,2026-07-20,karpenter-aws+spot2024\n\
         aws,eu-west-1,m5.xlarge,4,16,0,,0.214,0.0886,2025-04-04,ec2shop+spot2024\n\
         aws,eu-west-1,t3.nano,2,0.5,0,,0.0057,,2025-04-04,ec2shop\n\
         azure,eastus,Standard_D4s_v7,,,,,0.265,,2026-06-18,karpenter-azure\n\
         azure,eastus,Standard_NV8as_v4,8,28,1,AMD MI25,0.466,,2026-06-18,karpenter-azure\n\
         linode,*,g6-nanode-1,1,1,0,,0.0075,,2024-07-11,linodego\n\
         linode,br-gru,g6-nanode-1,1,1,0,,0.0105,,2024-07-11,linodego\n",
    ))
    .unwrap()
}

#[test]
fn prices_with_their_origin() {
    let c = sample();
    let p = c.price(Provider::Aws, "us-east-1", "m5.xlarge").unwrap();
    assert_eq!((p.ondemand_nano, p.spot_nano), (192_000_000, Some(81_700_000)));
    assert_eq!((p.vcpu_milli, p.mem_mib, p.gpu), (Some(4000), Some(16_384), Some(0)));
    assert_eq!(p.as_of, jiff::civil::date(2026, 7, 20));
    assert_eq!(p.source, "karpenter-aws+spot2024");
    assert_eq!(c.price(Provider::Aws, "eu-west-1", "t3.nano").unwrap().mem_mib, Some(512));
    let blank = c.price(Provider::Azure, "eastus", "Standard_D4s_v7").unwrap();
    assert_eq!((blank.vcpu_milli, blank.mem_mib, blank.gpu, blank.spot_nano), (None, None, None, None));
    assert_eq!(c.price(Provider::Azure, "eastus", "Standard_NV8as_v4").unwrap().gpu_model, "AMD MI25");
}

#[test]
fn any_region_is_the_last_resort() {
    let c = sample();
    let nano = |region: &str| c.price(Provider::Linode, region, "g6-nanode-1").map(|p| p.ondemand_nano);
    assert_eq!(
        (nano("br-gru"), nano("eu-central"), nano("")),
        (Some(10_500_000), Some(7_500_000), Some(7_500_000))
    );
    assert_eq!(c.price(Provider::Aws, "mars-1", "m5.xlarge"), None);
    assert_eq!(c.price(Provider::Aws, "us-east-1", "g6-nanode-1"), None);
    assert_eq!(c.price(Provider::Gcp, "us-east-1", "m5.xlarge"), None);
}

#[test]
fn what_a_region_offers() {
    let c = sample();
    let mut names: Vec<String> = c.types(Provider::Aws, "eu-west-1").map(|(n, _)| n.to_string()).collect();
    names.sort();
    assert_eq!(names, ["m5.xlarge", "t3.nano"]);
    assert_eq!(c.types(Provider::Azure, "eu-west-1").count(), 0);
    assert_eq!(c.types(Provider::Aws, "mars-1").count(), 0);
    assert_eq!(c.regions(Provider::Aws), [SafeText::new("eu-west-1"), SafeText::new("us-east-1")]);
    assert_eq!(c.regions(Provider::Linode), [SafeText::new("br-gru")]);
}

#[test]
fn faults_name_line_and_cell() {
    assert!(matches!(Catalogue::parse("a,b\n1,2\n"), Err(CatalogueError::Header { .. })));
    assert!(matches!(Catalogue::parse(""), Err(CatalogueError::Header { .. })));
    let fault = |row: &str| Catalogue::parse(&table(row)).unwrap_err();
    for (row, wrong) in [
        ("moon,r,t,1,1,0,,0.1,,2026-01-01,s\n", "provider"),
        ("aws,,t,1,1,0,,0.1,,2026-01-01,s\n", "region"),
        ("aws,r,,1,1,0,,0.1,,2026-01-01,s\n", "instance_type"),
        ("aws,r,t,x,1,0,,0.1,,2026-01-01,s\n", "vcpu"),
        ("aws,r,t,1,-1,0,,0.1,,2026-01-01,s\n", "memory_gib"),
        ("aws,r,t,1,1,-1,,0.1,,2026-01-01,s\n", "gpu_count"),
        ("aws,r,t,1,1,0,,,,2026-01-01,s\n", "ondemand_usd_hour"),
        ("aws,r,t,1,1,0,,0,,2026-01-01,s\n", "ondemand_usd_hour"),
        ("aws,r,t,1,1,0,,0.1,free,2026-01-01,s\n", "spot_usd_hour"),
        ("aws,r,t,1,1,0,,0.1,,lately,s\n", "as_of"),
    ] {
        match fault(row) {
            CatalogueError::Cell { line: 2, column, .. } => assert_eq!(column, wrong, "{row}"),
            other => panic!("{row}: {other}"),
        }
    }
    assert!(matches!(fault("aws,r,t\n"), CatalogueError::Line { .. }));
    assert!(fault("aws,r,t,1,1,0,,0,,2026-01-01,s\n").to_string().contains("line 2"));
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>(), row in "[a-z*0-9.,-]{0,60}") {
        let _ = (Catalogue::parse(&text), Catalogue::parse(&table(&row)));
    }
}
